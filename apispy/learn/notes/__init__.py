"""Notes about a call, from the API's tables: what Docker silently ignores, and what other engine versions refuse.

``notes_on`` returns what the author of a client would want to know; *strict* adds responses that differ from the API
reference. Each note is one self-contained sentence, and quotes no value of a body. A note must be true on every engine
that may have answered: what is said to be ignored is tried on real daemons (``tests/e2e/test_note_probes.py``).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from apispy.engine import Call
from apispy.engine.operations import FOREIGN_TAGS
from apispy.learn.notes.bodies import request_body_notes, response_body_notes
from apispy.learn.notes.content_types import content_type_notes
from apispy.learn.notes.credentials import credentials_notes
from apispy.learn.notes.finished_call import FinishedCall
from apispy.learn.notes.http2 import http2_notes
from apispy.learn.notes.middleboxes import middlebox_notes
from apispy.learn.notes.parameters import parameter_notes
from apispy.learn.notes.paths import path_notes
from apispy.learn.notes.streams import stream_notes
from apispy.learn.notes.versions import version_notes
from apispy.model import Direction, Exchange

__all__ = ["KINDS", "notes_on"]

KINDS: tuple[Callable[[FinishedCall], Iterator[str]], ...] = (
    version_notes,
    path_notes,
    middlebox_notes,
    content_type_notes,
    credentials_notes,
    parameter_notes,
    request_body_notes,
    stream_notes,
)
"""The kinds of notes on calls of known operations."""


def notes_on(
    call: Call,
    exchange: Exchange,
    requests: Sequence[Any],
    responses: Sequence[Any],
    *,
    formats: Mapping[Direction, str] | None = None,
    strict: bool = False,
) -> tuple[str, ...]:
    """Return the notes about a call. Never raises.

    *requests* and *responses* are the JSON values decoded from its bodies, *formats* the decoders' names by stream.
    """
    finished = FinishedCall(call, exchange, requests, responses, formats or {})
    if not call.known:
        return tuple(http2_notes(finished)) or tuple(path_notes(finished))
    if call.operation.tag in FOREIGN_TAGS:  # the tables are of Docker Engine's API
        return ()
    notes = [note for kind in KINDS for note in kind(finished)]
    if strict and exchange.response is not None:
        notes += response_body_notes(finished)
    return tuple(dict.fromkeys(notes))
