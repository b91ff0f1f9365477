"""Compares a JSON value with the shape in the API reference."""

from collections.abc import Iterator
from typing import Any, Literal

from apispy.engine.shapes import Field, Shape
from apispy.model import is_redacted
from apispy.structs import Struct

FieldPath = tuple[str, ...]
"""Field names from the top of a body; "[]" is any element of a list, "{}" any value of a map."""

TYPE_NAMES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}

PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "map": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
"""The Python types of a JSON value by shape kind; ``any`` accepts all types."""


class SchemaDifference(Struct, frozen=True):
    """A difference at one field. *expected* and *found* are types, or values of an enum."""

    kind: Literal["unknown", "type", "value", "missing"]
    path: FieldPath
    expected: str = ""
    found: str = ""

    @property
    def field(self) -> str:
        """The dotted path: "HostConfig.Mounts[].Type"; "the body" at the top."""
        return ".".join(self.path).replace(".[]", "[]").replace(".{}", "{}") or "the body"


def differences(value: Any, shape: Shape, path: FieldPath = ()) -> Iterator[SchemaDifference]:
    """Yield where *value* differs from *shape*. Null is valid everywhere: Go encodes an unset value as null."""
    if value is None or is_redacted(value) or shape.kind == "any":
        return
    if not _fits(value, shape):
        yield SchemaDifference("type", path, shape.kind, TYPE_NAMES.get(type(value), "?"))
    elif isinstance(value, dict):
        yield from _fields(value, shape, path)
    elif isinstance(value, list):
        if shape.items is not None:
            for element in value:
                yield from differences(element, shape.items, (*path, "[]"))
    elif shape.enum and value not in shape.enum and not is_unset(value):
        yield SchemaDifference("value", path, ", ".join(str(one) for one in shape.enum), str(value))


def field_of(shape: Shape, name: str) -> Field | None:
    """Return the field that Go's encoding/json matches with *name*, ignoring case."""
    return shape.fields_by_name.get(name.lower())


def is_unset(value: Any) -> bool:
    """Whether *value* is a Go zero value, which means that it was not set."""
    if isinstance(value, dict):
        return all(is_unset(part) for part in value.values())
    return value in (None, False, 0, "", []) or is_redacted(value)


def _fits(value: Any, shape: Shape) -> bool:
    if isinstance(value, bool):
        return shape.kind == "boolean"
    return isinstance(value, PYTHON_TYPES[shape.kind])


def _fields(value: dict[str, Any], shape: Shape, path: FieldPath) -> Iterator[SchemaDifference]:
    if shape.kind == "map":
        if shape.items is not None:
            for part in value.values():
                yield from differences(part, shape.items, (*path, "{}"))
        return
    if not shape.fields:  # an object whose fields are not documented
        return
    for name, part in value.items():
        if (row := field_of(shape, name)) is not None:
            yield from differences(part, row.shape, (*path, row.name))
        elif not is_unset(part):
            yield SchemaDifference("unknown", (*path, name))
    required = shape.required_fields
    names = {name.lower() for name in value} if required else ()
    for row in required:
        if row.name.lower() not in names:
            yield SchemaDifference("missing", (*path, row.name))
