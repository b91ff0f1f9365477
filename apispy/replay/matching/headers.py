"""The headers that mean something to the daemon; any other is the client's way."""

import json
from collections.abc import Iterator
from typing import Any

from apispy.decoders.value import unbase64
from apispy.model import Headers
from apispy.replay.matching.base import Difference, Question, matcher
from apispy.replay.matching.json_equivalence import unify

MATTER = ("upgrade", "x-registry-auth", "x-registry-config", "range")
"""In lower case. Beside them the content type, if there is content."""

CREDENTIALS = ("x-registry-auth", "x-registry-config")

NONE: tuple[Any, ...] = ({}, None, "")
"""What stands in them when a client has none: no header at all, or these."""


@matcher("headers", "Upgrade, the content type, and registry credentials (redacted).")
def headers(question: Question) -> Iterator[Difference]:
    recorded, live = question.recorded.headers, question.live.headers
    for name in MATTER:
        if name in CREDENTIALS:
            yield from _credentials(question, name)
        elif recorded.text(name).lower() != live.text(name).lower():
            yield Difference(f"header {name}", _shown(recorded, name), _shown(live, name))
    ours, theirs = question.recorded, question.live
    if ours.content.size and theirs.content.size and ours.media_type != theirs.media_type:
        yield Difference("header content-type", ours.media_type, theirs.media_type)


def _credentials(question: Question, name: str) -> Iterator[Difference]:
    recorded, live = (_decoded(side.headers, name) for side in (question.recorded, question.live))
    if recorded in NONE and live in NONE:
        return
    yield from unify(question.unifier, recorded, live, f"header {name}")


def _decoded(headers: Headers, name: str) -> Any:
    """The JSON in a credentials' header, the text if it is none, None if there is no such header."""
    if name not in headers:
        return None
    text = headers.text(name)
    try:
        return json.loads(unbase64(text.encode("latin-1")).decode())
    except (ValueError, RecursionError):
        return text


def _shown(headers: Headers, name: str) -> str | None:
    return headers.text(name) if name in headers else None
