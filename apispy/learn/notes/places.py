"""Where a name belongs that an operation does not know at its place: elsewhere in the call, or in another spelling."""

from collections.abc import Iterable, Iterator
from functools import cache

from apispy.engine.parameters import parameters_of
from apispy.engine.shapes import Shape, request_shape
from apispy.engine.versions import nearest
from apispy.suggestions import most_similar

MAX_DEPTH = 5
"""Names on the longest path in a body that a suggestion may have."""


def suggestion(operation: str, name: str, version: str | None, *, place: str, known: Iterable[str]) -> str:
    """Return the end of a note on *name*, which is unknown at its *place* ("query" or "body"); "" for no suggestion.

    The same name at another place of the operation comes first, then the most similar of the names *known* at its
    place.
    """
    if elsewhere := _elsewhere(operation, name, version, place):
        return f"; {elsewhere}"
    likely = most_similar(name, known)
    return f"; did you mean {likely}?" if likely else ""


def _elsewhere(operation: str, name: str, version: str | None, place: str) -> str:
    lower = name.lower()
    rows = {row.name.lower(): row for row in parameters_of(operation, version) if row.place != "path"}
    row = rows.get(lower)
    if row is not None and row.place == "header":
        return f"it belongs in a header: {row.name}"
    if row is not None and place == "body":
        return f"it belongs in the query: ?{row.name}="
    if path := fields_by_name(operation, nearest(version)).get(lower):
        return f"it belongs in the body, as {path}" if place == "query" else f"it belongs in {path}"
    return ""


@cache
def fields_by_name(operation: str, version: str) -> dict[str, str]:
    """Return the dotted paths of the fields of a request body by name in lower case.

    Of several fields with one name the path with the fewest names counts; a name that has several of those is left out.
    """
    shape = request_shape(operation, version)
    found: dict[str, list[tuple[str, ...]]] = {}
    for path in _paths(shape, ()) if shape else ():
        found.setdefault(path[-1].lower(), []).append(path)
    shortest = {
        name: [path for path in paths if len(path) == min(map(len, paths))] for name, paths in found.items()
    }
    return {name: ".".join(paths[0]) for name, paths in shortest.items() if len(paths) == 1}


def _paths(shape: Shape, before: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the paths of named fields. Fields inside lists and maps have no path of their own."""
    if len(before) >= MAX_DEPTH:
        return
    for row in shape.fields:
        yield (*before, row.name)
        yield from _paths(row.shape, (*before, row.name))
