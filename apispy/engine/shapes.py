"""The shapes of JSON bodies, as Docker describes them for API 1.25 and later: fields, types, nullability."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from apispy.engine.facts import FIRST_DESCRIBED, described, operation_facts, value_in_version
from apispy.engine.versions import NEWEST, between, nearest
from apispy.structs import Struct

Kind = Literal["object", "array", "map", "string", "integer", "number", "boolean", "any"]


@dataclass(frozen=True, eq=False)
class Shape:
    """What a place in a body may hold.

    An object has named fields (none if they are not described); a map has arbitrary names, and values of one shape.
    "any" is a place that the description leaves open, or a choice: a Cmd of 1.34 is a string or an array.
    """

    kind: Kind
    name: str  # of the definition, or its title; "" for none
    nullable: bool  # whether null is allowed
    enum: tuple[str | int, ...]  # the allowed values, () for any
    format: str  # Swagger's format: "date-time", "int64", "binary", ...; "" for none
    _node: dict[str, Any] = field(repr=False)
    _version: str = field(repr=False)

    @cached_property
    def fields(self) -> tuple["Field", ...]:
        """The fields of an object, in the order of the description; () for other kinds."""
        if parts := self._node.get("all"):
            merged = {row.name: row for part in parts for row in _shape(part, self._version).fields}
            return tuple(merged.values())
        required = self._node.get("required", ())
        fields = self._node.get("object", {}).items()
        return tuple(Field(name, _shape(node, self._version), name in required) for name, node in fields)

    @cached_property
    def items(self) -> "Shape | None":
        """The shape of the elements of an array or of the values of a map; None for other kinds."""
        node = self._node.get("array") or self._node.get("map")
        return _shape(node, self._version) if node else None

    @cached_property
    def fields_by_name(self) -> dict[str, "Field"]:
        """The fields of an object by name in lower case, as Go's encoding/json matches them."""
        return {row.name.lower(): row for row in reversed(self.fields)}

    @cached_property
    def required_fields(self) -> tuple["Field", ...]:
        """The fields that an object must have."""
        return tuple(row for row in self.fields if row.required)

    def field(self, name: str) -> "Field | None":
        return next((row for row in self.fields if row.name == name), None)


class Field(Struct, frozen=True, eq=False):
    """A field of an object."""

    name: str
    shape: Shape
    required: bool


def request_shape(operation_id: str, version: str | None) -> Shape | None:
    """The shape of the request body; None if there is none, or the operation or version is not described.

    A version newer than known, or None, means the newest.
    """
    return _of(operation_facts(operation_id).get("request"), version)


def response_shape(operation_id: str, status: int, version: str | None) -> Shape | None:
    """The shape of the response body with *status*; None as for ``request_shape``.

    For a stream of JSON objects, the shape of one object, or "any" or "string" if the description says no more.
    """
    return _of(operation_facts(operation_id).get("responses", {}).get(str(status)), version)


def statuses(operation_id: str, version: str | None) -> tuple[int, ...]:
    """The described status codes, ascending; () for operations and versions that are not described."""
    responses = operation_facts(operation_id).get("responses", {})
    known = nearest(version)
    return tuple(
        sorted(
            int(status)
            for status, history in responses.items()
            if value_in_version(history, known) is not None
        )
    )


def _of(history: list[list[Any]] | None, version: str | None) -> Shape | None:
    known = nearest(version)
    if not history or not between(FIRST_DESCRIBED, known, NEWEST):
        return None
    node = value_in_version(history, known)
    return _shape(node, known) if node else None


def _shape(node: Any, version: str, name: str = "", nullable: bool = False) -> Shape:
    """The shape of a node of the data; a reference gives the shape of its definition, with its name."""
    if isinstance(node, str):
        node = {"ref": node[1:]} if node.startswith("#") else {"type": node}
    name = name or node.get("name") or node.get("ref", "")
    nullable = nullable or node.get("nullable", False)
    if "ref" in node:
        return _shape(
            value_in_version(described()["definitions"][node["ref"]], version), version, name, nullable
        )
    enum = tuple(node.get("enum", ()))
    return Shape(_kind(node), name, nullable, enum, node.get("format", ""), node, version)


def _kind(node: dict[str, Any]) -> Kind:
    if "all" in node:
        return "object"
    kinds: tuple[Kind, ...] = ("object", "array", "map")
    kind: Kind = next((kind for kind in kinds if kind in node), node.get("type", "any"))
    return kind
