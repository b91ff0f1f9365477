"""Holds a JSON value against its described shape."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from apispy.engine.shapes import Field, Shape
from apispy.model import is_redacted

Way = tuple[str, ...]
"""Names of fields from the top of a body; "[]" for any element of a list, "{}" for any value of a map."""

NAMES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}

FITTING: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "map": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
"""The types that JSON values of a kind have here; ``any`` takes all."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What is otherwise at one place. *expected* and *found* are types, or values of an enum."""

    what: Literal["unknown", "type", "value", "missing"]
    way: Way
    expected: str = ""
    found: str = ""

    @property
    def place(self) -> str:
        """ "HostConfig.Mounts[].Type"."""
        return ".".join(self.way).replace(".[]", "[]").replace(".{}", "{}") or "the body"


def differences(value: Any, shape: Shape, way: Way = ()) -> Iterator[Difference]:
    """Where *value* is not as *shape* says. Null fits everywhere: Go writes what is not set as null."""
    if value is None or is_redacted(value) or shape.kind == "any":
        return
    if not _fits(value, shape):
        yield Difference("type", way, shape.kind, NAMES.get(type(value), "?"))
    elif isinstance(value, dict):
        yield from _fields(value, shape, way)
    elif isinstance(value, list):
        if shape.items is not None:
            for element in value:
                yield from differences(element, shape.items, (*way, "[]"))
    elif shape.enum and value not in shape.enum and not is_nothing(value):
        yield Difference("value", way, ", ".join(str(one) for one in shape.enum), str(value))


def field_of(shape: Shape, name: str) -> Field | None:
    """The field that Go's encoding/json would take for *name*: without regard to case."""
    lower = name.lower()
    return next((row for row in shape.fields if row.name.lower() == lower), None)


def is_nothing(value: Any) -> bool:
    """Go writes what is not set as a zero value; that says nothing."""
    if isinstance(value, dict):
        return all(is_nothing(part) for part in value.values())
    return value in (None, False, 0, "", []) or is_redacted(value)


def _fits(value: Any, shape: Shape) -> bool:
    if isinstance(value, bool):
        return shape.kind == "boolean"
    return isinstance(value, FITTING[shape.kind])


def _fields(value: dict[str, Any], shape: Shape, way: Way) -> Iterator[Difference]:
    if shape.kind == "map":
        if shape.items is not None:
            for part in value.values():
                yield from differences(part, shape.items, (*way, "{}"))
        return
    if not shape.fields:  # an object of which nothing is described
        return
    for name, part in value.items():
        if (row := field_of(shape, name)) is not None:
            yield from differences(part, row.shape, (*way, row.name))
        elif not is_nothing(part):
            yield Difference("unknown", (*way, name))
    names = {name.lower() for name in value}
    for row in shape.fields:
        if row.required and row.name.lower() not in names:
            yield Difference("missing", (*way, row.name))
