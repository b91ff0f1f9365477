"""Notes on JSON bodies: request fields that Docker ignores, wrong types, responses unlike the API reference."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from apispy.engine.deprecations import FIELDS, Deprecation
from apispy.engine.json_fields import field_value
from apispy.engine.shapes import Shape, request_shape, response_shape
from apispy.engine.undocumented_fields import READ_FIELDS, UNUSED_FIELDS
from apispy.engine.versions import VERSIONS, nearest
from apispy.learn.notes.finished_call import FinishedCall, quoted
from apispy.learn.notes.places import suggestion
from apispy.learn.notes.schema_check import FieldPath, SchemaDifference, differences, field_of, is_unset
from apispy.learn.notes.top_level import misplaced_field
from apispy.learn.notes.versions import documented_in

EXPECTED_DIFFERENCES: dict[str, frozenset[tuple[str, str]]] = {
    # Kept for old clients; Docker's reference for events left them out long before 1.52 removed them.
    "SystemEvents": frozenset((("unknown", "status"), ("unknown", "id"), ("unknown", "from"))),
    # Engines up to 20.10 send the size of the build cache, which is 0 since BuildKit.
    "SystemDataUsage": frozenset((("unknown", "BuilderSize"),)),
}
"""By operation: (kind, field) of response differences that every real daemon shows, because Docker's reference is
incomplete or wrong. Found with the end-to-end battery."""

ANY_VALUE = frozenset((("ContainerCreate", "HostConfig.LogConfig.Type"),))
"""Operation and request field whose listed values are examples: a log driver may be a plugin, such as loki."""

MAX_CACHED, MAX_CACHED_LENGTH = 1024, 256
"""The sizes of the caches, and the characters of the longest path in them: clients choose versions and names."""

_request_shape = lru_cache(MAX_CACHED)(request_shape)
_response_shape = lru_cache(MAX_CACHED)(response_shape)


def request_body_notes(finished: FinishedCall) -> Iterator[str]:
    """Notes on the fields of the request body."""
    operation, version = finished.operation, finished.version
    shape = _request_shape(operation, version)
    if shape is None or shape.kind not in ("object", "array", "map"):
        return
    for value in finished.requests:
        for difference in differences(value, shape):
            if difference.kind == "unknown":
                yield from _unknown(finished, value, difference, shape)
            elif difference.kind == "type" or _is_refused_value(operation, difference):
                yield _mismatch(difference, f"request body of {operation}")
        yield from _deprecated(operation, value, version)
        for (id_, path), place in UNUSED_FIELDS.items():
            if id_ == operation and _is_set(value, path):
                yield f"{path} in the request body of {operation} has no effect on Docker: it belongs in {place}"


def response_body_notes(finished: FinishedCall) -> Iterator[str]:
    """Notes on where the response differs from the API reference."""
    operation = finished.operation
    shape = _response_shape(operation, finished.status, finished.version)
    if shape is None:
        return
    expected = EXPECTED_DIFFERENCES.get(operation, frozenset())
    for value in finished.responses:
        for difference in differences(value, shape):
            if (difference.kind, difference.field) not in expected:
                yield _mismatch(difference, f"response body of {operation}")


def _is_refused_value(operation: str, difference: SchemaDifference) -> bool:
    return difference.kind == "value" and (operation, difference.field) not in ANY_VALUE


def _mismatch(difference: SchemaDifference, body: str) -> str:
    where = f"{_shown(difference)} in the {body}" if difference.path else f"the {body}"
    match difference.kind:
        case "unknown":
            return f"{where} is not in the API reference"
        case "missing":
            return f"{difference.field} is missing from the {body}, but the API reference says it is required"
        case "type":
            return f"{where} is {difference.found}, but the API reference says {difference.expected}"
    return f"{where} has a value that the API reference does not list: it allows {difference.expected}"


def _shown(difference: SchemaDifference) -> str:
    """The dotted path, with a name that is not in the reference only if it looks like one."""
    if difference.kind != "unknown" or quoted(difference.path[-1]) != "of that name":
        return difference.field
    return SchemaDifference("unknown", (*difference.path[:-1], "(a field of another name)")).field


def _unknown(finished: FinishedCall, body: Any, difference: SchemaDifference, shape: Shape) -> Iterator[str]:
    operation, path, version = finished.operation, difference.path, finished.version
    if (operation, difference.field.lower()) in READ_FIELDS:
        return
    if versions := versions_of_field(operation, path):
        row = _deprecation(operation, path)
        instead = f"; {row.instead}" if row and row.instead else ""
        where = f"{difference.field} in the request body of {operation}"
        yield f"{where} is {documented_in(*versions, version)}{instead}"
    elif note := _top_level(finished, body, path):
        yield note
    else:
        parent = _shape_at(shape, path[:-1])
        names = [row.name for row in parent.fields] if parent else []
        likely = suggestion(operation, path[-1], version, place="body", known=names)
        within = f" in {'.'.join(path[:-1])}".replace(".[]", "[]") if path[:-1] else " in its body"
        yield f"{operation} has no field {quoted(path[-1])}{within}, so {finished.ignored}{likely}"


def _top_level(finished: FinishedCall, body: Any, path: FieldPath) -> str:
    """The note on a field of HostConfig at the top level of ContainerCreate, which older engines read; else ""."""
    if len(path) != 1:
        return ""
    found = misplaced_field(finished.operation, body, path[0], finished.version)
    return f"{path[0]} at the top level of ContainerCreate {found.effect(finished.engine)}" if found else ""


def _deprecated(operation: str, body: Any, version: str | None) -> Iterator[str]:
    """Notes on deprecated fields that the version still has."""
    for (id_, path), row in FIELDS.items():
        if (
            id_ != operation
            or not _is_set(body, path)
            or VERSIONS.index(nearest(version)) < VERSIONS.index(row.since)
        ):
            continue
        if not _has(_request_shape(operation, version), tuple(path.split("."))):
            continue
        text = f"{path} in the request body of {operation} has been deprecated since API {row.since}"
        gone = f", and has no effect from API {row.gone}" if row.gone and row.gone != row.since else ""
        yield f"{text}{gone}{f': {row.instead}' if row.instead else ''}"


def _is_set(body: Any, path: str) -> bool:
    for name in path.split("."):
        body = field_value(body, name)
    return not is_unset(body)


def _deprecation(operation: str, path: FieldPath) -> Deprecation | None:
    sent = ".".join(path).lower()
    return next(
        (row for (id_, name), row in FIELDS.items() if id_ == operation and name.lower() == sent), None
    )


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
