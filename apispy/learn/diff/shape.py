"""The shape of JSON values: their paths and types. Lengths of lists do not matter."""

from collections.abc import Iterable, Iterator
from typing import Any

from apispy.engine.shapes import Shape
from apispy.learn.diff.ignored_differences import IGNORED_FIELDS, normalized

TYPES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}

MAX_DEPTH = 40
"""Levels of a value that are examined."""

MAX_PATHS = 2_000
"""Paths of one response that are compared."""

Shapes = dict[str, str]
"""By path ("[].Names[]", "Labels{}", "" for the whole value): the types found there, such as "null or string"."""


def shapes_of(values: Iterable[Any], documented: Shape | None) -> Shapes:
    """Return the shape of all *values* together. *documented*, Docker's own schema, marks objects that are maps."""
    types: dict[str, set[str]] = {}
    for value in values:
        for path, kind in _walk(value, "", documented, 0):
            if path in types or len(types) < MAX_PATHS:
                types.setdefault(path, set()).add(kind)
    return {path: " or ".join(sorted(kinds)) for path, kinds in types.items()}


def comparable(path: str, other: Shapes) -> bool:
    """Whether the absence of *path* in *other* is a difference. Not in an empty list: its elements are unknown."""
    if path in other:
        return True
    parent = _parent(path)
    if parent is None:
        return True
    return not path.endswith(("[]", "{}")) and parent in other and _has_objects(other[parent])


def _has_objects(types: str) -> bool:
    return "object" in types.split(" or ")


def _parent(path: str) -> str | None:
    """Return the path of the parent of *path*; None for the whole value."""
    if not path:
        return None
    if path.endswith(("[]", "{}")):
        return path[:-2]
    return path.rpartition(".")[0]


def _walk(value: Any, path: str, documented: Shape | None, depth: int) -> Iterator[tuple[str, str]]:
    yield path, TYPES.get(type(value), "null")
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        for element in value:
            yield from _walk(element, f"{path}[]", documented.items if documented else None, depth + 1)
    elif isinstance(value, dict):
        yield from _fields(value, path, documented, depth)


def _fields(
    value: dict[str, Any], path: str, documented: Shape | None, depth: int
) -> Iterator[tuple[str, str]]:
    for name, part in value.items():
        if name in IGNORED_FIELDS:
            continue
        if documented is not None and documented.kind == "map":
            yield from _walk(part, f"{path}{{}}", documented.items, depth + 1)
        else:
            known = documented.field(name) if documented else None
            shown = normalized(name).replace(".", "·")  # a dot separates levels
            yield from _walk(part, f"{path}.{shown}", known.shape if known else None, depth + 1)
