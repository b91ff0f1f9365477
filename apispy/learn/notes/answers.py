"""Notes on answers that are not as Docker describes them."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from apispy.engine import Call
from apispy.engine.shapes import response_shape
from apispy.learn.notes.quirks import ANSWERS
from apispy.learn.notes.schema_check import Difference, differences

_shape = cache(response_shape)


def answer_notes(call: Call, status: int, value: Any, version: str | None) -> Iterator[str]:
    operation = call.operation.id
    shape = _shape(operation, status, version)
    if shape is None:
        return
    expected = ANSWERS.get(operation, frozenset())
    for one in differences(value, shape):
        if (one.what, one.place) not in expected:
            yield f"the answer of {operation} {_otherwise(one)}"


def _otherwise(one: Difference) -> str:
    match one.what:
        case "unknown":
            return f"has a field {one.place} that is not described"
        case "missing":
            return f"lacks {one.place}, which is described as always there"
        case "type":
            return f"has {one.found} in {one.place}, described is {one.expected}"
    return f"has {one.found!r} in {one.place}, described are {one.expected}"
