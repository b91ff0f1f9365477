"""The JSON Schema of values that were seen: types and fields merged, in bounded memory."""

from typing import Any

from apispy.engine.shapes import Shape
from apispy.learn.notes.schema_check import field_of

MAX_FIELDS = 300
"""Fields of one object that are kept; an object with more is described as a map."""

MAX_DEPTH = 24

_TYPES = {
    bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object", type(None): "null",
}  # fmt: skip


class SeenSchema:
    """Merges values. A described *shape* tells maps, whose names are data, from objects with fields."""

    def __init__(self, depth: int = 0) -> None:
        self._depth = depth
        self._types: set[str] = set()
        self._objects = 0
        self._fields: dict[str, SeenSchema] = {}
        self._counts: dict[str, int] = {}  # objects that have the field
        self._items: SeenSchema | None = None
        self._values: SeenSchema | None = None  # of a map

    def add(self, value: Any, shape: Shape | None = None) -> None:
        """Merge a value."""
        self._types.add(_TYPES[type(value)])
        if self._depth >= MAX_DEPTH:
            return
        if isinstance(value, list):
            self._items = self._items or SeenSchema(self._depth + 1)
            for element in value:
                self._items.add(element, shape.items if shape else None)
        elif isinstance(value, dict) and shape is not None and shape.kind == "map":
            for element in value.values():
                self._value().add(element, shape.items)
        elif isinstance(value, dict):
            self._objects += 1
            for name, part in value.items():
                self._add_field(name, part, shape)

    def _add_field(self, name: str, part: Any, shape: Shape | None) -> None:
        row = field_of(shape, name) if shape else None
        if name not in self._fields and len(self._fields) >= MAX_FIELDS:
            self._value().add(part)
            return
        self._fields.setdefault(name, SeenSchema(self._depth + 1)).add(part, row.shape if row else None)
        self._counts[name] = self._counts.get(name, 0) + 1

    def _value(self) -> "SeenSchema":
        self._values = self._values or SeenSchema(self._depth + 1)
        return self._values

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema. A field is required if every object that was seen has it."""
        types = sorted(self._types - ({"integer"} if "number" in self._types else set()))
        found: dict[str, Any] = {"type": types[0] if len(types) == 1 else types} if types else {}
        if self._fields:
            found["properties"] = {name: one.schema() for name, one in self._fields.items()}
            required = [name for name, count in self._counts.items() if count == self._objects]
            found |= {"required": required} if required else {}
        if self._values is not None:
            found["additionalProperties"] = self._values.schema()
        if self._items is not None:
            found["items"] = self._items.schema()
        return found
