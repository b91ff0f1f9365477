"""The shape of JSON values: which paths there are, and of which types. Lengths of lists do not matter."""

from collections.abc import Iterable, Iterator
from typing import Any

from apispy.engine.shapes import Shape
from apispy.learn.diff.ignored_differences import FIELDS, settled

TYPES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}

DEEPEST = 40
"""Levels that are looked into."""

MOST = 2_000
"""Paths of one answer that are remembered."""

Shapes = dict[str, str]
"""By path ("[].Names[]", "Labels{}", "" for the whole): the types that were seen there, "null or string"."""


def shapes_of(values: Iterable[Any], described: Shape | None) -> Shapes:
    """The shape of all *values* together. *described*, Docker's own description, tells which objects are maps."""
    types: dict[str, set[str]] = {}
    for value in values:
        for path, kind in _walk(value, "", described, 0):
            if path in types or len(types) < MOST:
                types.setdefault(path, set()).add(kind)
    return {path: " or ".join(sorted(kinds)) for path, kinds in types.items()}


def comparable(path: str, other: Shapes) -> bool:
    """Whether that *path* is missing in *other* says anything: what an empty list would hold is not known."""
    if path in other:
        return True
    parent = _parent(path)
    if parent is None:
        return True
    return not path.endswith(("[]", "{}")) and parent in other and _holds(other[parent])


def _holds(types: str) -> bool:
    return "object" in types.split(" or ")


def _parent(path: str) -> str | None:
    """The path of what holds *path*; None for the whole."""
    if not path:
        return None
    if path.endswith(("[]", "{}")):
        return path[:-2]
    return path.rpartition(".")[0]


def _walk(value: Any, path: str, described: Shape | None, depth: int) -> Iterator[tuple[str, str]]:
    yield path, TYPES.get(type(value), "null")
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for element in value:
            yield from _walk(element, f"{path}[]", described.items if described else None, depth + 1)
    elif isinstance(value, dict):
        yield from _fields(value, path, described, depth)


def _fields(
    value: dict[str, Any], path: str, described: Shape | None, depth: int
) -> Iterator[tuple[str, str]]:
    for name, part in value.items():
        if name in FIELDS:
            continue
        if described is not None and described.kind == "map":
            yield from _walk(part, f"{path}{{}}", described.items, depth + 1)
        else:
            known = described.field(name) if described else None
            shown = settled(name).replace(".", "·")  # a dot parts the levels
            yield from _walk(part, f"{path}.{shown}", known.shape if known else None, depth + 1)
