"""Remarks on a call, from what is known of the API: what Docker silently ignores, what another version would refuse.

``notes_on`` tells what the author of a client would want to know; *strict* adds where an answer differs from its
description. Each note is one sentence that stands by itself.
"""

from collections.abc import Sequence
from typing import Any

from apispy.engine import Call
from apispy.learn.notes.answers import answer_notes
from apispy.learn.notes.bodies import body_notes
from apispy.learn.notes.parameters import parameter_notes
from apispy.learn.notes.versions import version_in_force, version_notes
from apispy.model import Exchange

__all__ = ["notes_on"]


def notes_on(
    call: Call, exchange: Exchange, request: Sequence[Any], answers: Sequence[Any], *, strict: bool = False
) -> tuple[str, ...]:
    """*request* and *answers* are the JSON values of the two bodies, as far as they were read. Never raises."""
    if not call.known:
        return ()
    version = version_in_force(call, exchange)
    found = [*version_notes(call, exchange), *parameter_notes(call, version)]
    found += [note for value in request for note in body_notes(call, value, version)]
    if strict and exchange.response is not None:
        found += [
            note for value in answers for note in answer_notes(call, exchange.response.status, value, version)
        ]
    return tuple(dict.fromkeys(found))
