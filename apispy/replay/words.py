"""Recorded and live things in short, to be told to people. What they give is not escaped yet."""

import json
from typing import Any, Protocol

from apispy.outputs.units import short_ids

LONGEST = 200
"""Characters of a value that are told."""


class Line(Protocol):
    @property
    def method(self) -> str: ...
    @property
    def target(self) -> str: ...


def line_of(request: Line) -> str:
    """``POST /v1.41/containers/create?name=web``, with short ids, cut if it is long."""
    return cut(short_ids(f"{request.method} {request.target}"))


def value_of(value: Any) -> str:
    """A JSON value, or what a matcher said, as text; (nothing) for None."""
    if value is None:
        return "(nothing)"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return cut(text)


def cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters)"
