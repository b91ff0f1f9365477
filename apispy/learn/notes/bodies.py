"""Notes on JSON bodies: request fields that Docker ignores, wrong types, responses unlike the API reference."""

import difflib
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from apispy.engine import Call
from apispy.engine.shapes import Shape, request_shape, response_shape
from apispy.engine.versions import NEWEST, VERSIONS
from apispy.learn.notes.schema_check import FieldPath, SchemaDifference, differences, field_of
from apispy.learn.notes.versions import availability

EXPECTED_DIFFERENCES: dict[str, frozenset[tuple[str, str]]] = {
    # Kept for old clients; Docker's reference for events left them out long before 1.52 removed them.
    "SystemEvents": frozenset((("unknown", "status"), ("unknown", "id"), ("unknown", "from"))),
    # Engines up to 20.10 send the size of the build cache, which is 0 since BuildKit.
    "SystemDataUsage": frozenset((("unknown", "BuilderSize"),)),
}
"""By operation: (kind, field) of response differences that every real daemon shows, because Docker's reference is
incomplete or wrong. Found with the end-to-end battery."""

MAX_CACHED, MAX_CACHED_LENGTH = 1024, 256
"""The sizes of the caches, and the characters of the longest path in them: clients choose versions and names."""

_request_shape = lru_cache(MAX_CACHED)(request_shape)
_response_shape = lru_cache(MAX_CACHED)(response_shape)


def request_body_notes(call: Call, value: Any, version: str | None) -> Iterator[str]:
    operation = call.operation.id
    shape = _request_shape(operation, version)
    if shape is None:
        return
    for difference in differences(value, shape):
        if difference.kind == "unknown":
            yield _unknown(operation, difference, shape, version)
        elif difference.kind in ("type", "value"):
            yield _mismatch(difference, f"request body of {operation}")


def response_body_notes(call: Call, status: int, value: Any, version: str | None) -> Iterator[str]:
    operation = call.operation.id
    shape = _response_shape(operation, status, version)
    if shape is None:
        return
    expected = EXPECTED_DIFFERENCES.get(operation, frozenset())
    for difference in differences(value, shape):
        if (difference.kind, difference.field) not in expected:
            yield _mismatch(difference, f"response body of {operation}")


def _mismatch(difference: SchemaDifference, body: str) -> str:
    where = f"{difference.field} in the {body}" if difference.path else f"the {body}"
    match difference.kind:
        case "unknown":
            return f"{where} is not in the API reference"
        case "missing":
            return f"{difference.field} is missing from the {body}, but the API reference says it is required"
        case "type":
            return f"{where} is {difference.found}, but the API reference says {difference.expected}"
    return f"{where} is {difference.found!r}, but the API reference allows {difference.expected}"


def _unknown(operation: str, difference: SchemaDifference, shape: Shape, version: str | None) -> str:
    if versions := versions_of_field(operation, difference.path):
        where = f"{difference.field} in the request body of {operation}"
        return f"API {version or NEWEST} has no field {where}: it is available {availability(*versions)}"
    parent = _shape_at(shape, difference.path[:-1])
    names = [row.name for row in parent.fields] if parent else []
    likely = difflib.get_close_matches(difference.path[-1], names, 1)
    suggestion = f"; did you mean {likely[0]}?" if likely else ""
    return f"{operation} has no field {difference.field!r} in its body, so Docker ignores it{suggestion}"


def versions_of_field(operation: str, path: FieldPath) -> tuple[str, str] | None:
    """Return the first and last version whose request body has a field, or None."""
    is_short = sum(map(len, path)) <= MAX_CACHED_LENGTH
    return (_versions_cached if is_short else _versions)(operation, path)


def _versions(operation: str, path: FieldPath) -> tuple[str, str] | None:
    found = [version for version in VERSIONS if _has(_request_shape(operation, version), path)]
    return (found[0], found[-1]) if found else None


_versions_cached = lru_cache(MAX_CACHED)(_versions)


def _has(shape: Shape | None, path: FieldPath) -> bool:
    parent = _shape_at(shape, path[:-1])
    return parent is not None and field_of(parent, path[-1]) is not None


def _shape_at(shape: Shape | None, path: FieldPath) -> Shape | None:
    for name in path:
        if shape is None:
            return None
        if name in ("[]", "{}"):
            shape = shape.items
        else:
            row = field_of(shape, name)
            shape = row.shape if row else None
    return shape
