"""Notes about a call, from the API's tables: what Docker silently ignores, and what other engine versions refuse.

``notes_on`` returns what the author of a client would want to know; *strict* adds responses that differ from the API
reference. Each note is one self-contained sentence.
"""

from collections.abc import Sequence
from typing import Any

from apispy.engine import Call
from apispy.learn.notes.bodies import request_body_notes, response_body_notes
from apispy.learn.notes.middleboxes import middlebox_notes
from apispy.learn.notes.parameters import parameter_notes
from apispy.learn.notes.versions import version_in_force, version_notes
from apispy.model import Exchange

__all__ = ["notes_on"]


def notes_on(
    call: Call, exchange: Exchange, requests: Sequence[Any], responses: Sequence[Any], *, strict: bool = False
) -> tuple[str, ...]:
    """Return the notes about a call. *requests* and *responses*: JSON values decoded from its bodies. Never raises."""
    if not call.known:
        return ()
    version = version_in_force(call, exchange)
    notes = [*version_notes(call, exchange), *parameter_notes(call, version)]
    notes += middlebox_notes(call, exchange, requests)
    notes += [note for value in requests for note in request_body_notes(call, value, version)]
    if strict and exchange.response is not None:
        status = exchange.response.status
        notes += [note for value in responses for note in response_body_notes(call, status, value, version)]
    return tuple(dict.fromkeys(notes))
