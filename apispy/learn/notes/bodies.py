"""Notes on request bodies: fields that Docker ignores, values of a wrong type."""

import difflib
from collections.abc import Iterator
from functools import cache
from typing import Any

from apispy.engine import Call
from apispy.engine.shapes import Shape, request_shape
from apispy.engine.versions import NEWEST, VERSIONS
from apispy.learn.notes.schema_check import Difference, Way, differences, field_of
from apispy.learn.notes.words import span

_shape = cache(request_shape)


def body_notes(call: Call, value: Any, version: str | None) -> Iterator[str]:
    operation = call.operation.id
    shape = _shape(operation, version)
    if shape is None:
        return
    for one in differences(value, shape):
        if one.what == "unknown":
            yield _unknown(operation, one, shape, version)
        elif one.what == "type":
            yield f"{one.place} in the body of {operation} should be of type {one.expected}, it is {one.found}"
        elif one.what == "value":
            yield f"{one.place} in the body of {operation} is {one.found!r}; described are {one.expected}"


def _unknown(operation: str, one: Difference, shape: Shape, version: str | None) -> str:
    if there := versions_of_field(operation, one.way):
        where = f"{one.place} in the body of {operation}"
        return f"API {version or NEWEST} has no field {where}: it is there {span(*there)}"
    around = _at(shape, one.way[:-1])
    likely = difflib.get_close_matches(one.way[-1], [row.name for row in around.fields] if around else [], 1)
    question = f"; did you mean {likely[0]}?" if likely else ""
    return f"{operation} has no field {one.place!r} in its body, so Docker ignores it{question}"


@cache
def versions_of_field(operation: str, way: Way) -> tuple[str, str] | None:
    """The first and last version whose request body has a field, None if none has."""
    found = [version for version in VERSIONS if _has(_shape(operation, version), way)]
    return (found[0], found[-1]) if found else None


def _has(shape: Shape | None, way: Way) -> bool:
    around = _at(shape, way[:-1])
    return around is not None and field_of(around, way[-1]) is not None


def _at(shape: Shape | None, way: Way) -> Shape | None:
    for name in way:
        if shape is None:
            return None
        if name in ("[]", "{}"):
            shape = shape.items
        else:
            row = field_of(shape, name)
            shape = row.shape if row else None
    return shape
