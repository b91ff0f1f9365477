"""The fields of bodies as rows, with the versions that have them."""

from collections.abc import Iterator
from functools import cache

from apispy.engine import Operation
from apispy.engine.facts import FIRST_DESCRIBED
from apispy.engine.operations import BY_ID
from apispy.engine.shapes import Field, Shape, request_shape, response_shape, statuses
from apispy.engine.versions import NEWEST, VERSIONS, between
from apispy.learn.explain.records import FieldRow, Side

DESCRIBED = VERSIONS[VERSIONS.index(FIRST_DESCRIBED) :]
"""The versions whose bodies are documented."""

LAST_WITH_BODY = {"ContainerStart": "1.23"}
"""The last version with a body, of an operation that lost it before bodies were documented."""

Rows = dict[str, FieldRow]


def described(version: str) -> str:
    """Return the version whose bodies are shown for a known *version*."""
    return version if version in DESCRIBED else FIRST_DESCRIBED


def success(operation_id: str, version: str) -> int | None:
    """Return the lowest success status with a response body, or None."""
    return next(
        (s for s in statuses(operation_id, version) if s < 300 and response_shape(operation_id, s, version)),
        None,
    )


def body_shape(operation_id: str, side: Side, version: str) -> Shape | None:
    """Return the shape of the request body, or of the success response."""
    if side == "request":
        return request_shape(operation_id, version)
    status = success(operation_id, version)
    return response_shape(operation_id, status, version) if status else None


def takes_body(operation: Operation, version: str) -> bool:
    """Whether a request may have a body. Undocumented operations may have one."""
    last = LAST_WITH_BODY.get(operation.id)
    if last and not between(VERSIONS[0], version, last):
        return False
    known = operation.documented and version in DESCRIBED
    return bool(operation.request) and not (known and request_shape(operation.id, version) is None)


@cache
def rows(operation_id: str, side: Side, version: str) -> Rows:
    """Return all fields of a body in one known version by path, without first and last versions."""
    shape = body_shape(operation_id, side, version)
    if not shape:
        return {}
    secrets = [path.partition(".")[2] for path in BY_ID[operation_id].secrets if path.startswith(side)]
    return {path: _row(path, field, secrets) for path, field in _walk(shape)}


def dated_rows(operation: Operation, side: Side, version: str) -> tuple[FieldRow, ...]:
    """Return all fields of a body in one version, each with its first and last version."""
    known = [one for one in DESCRIBED if operation.exists_in(one)]
    present = {one: rows(operation.id, side, one) for one in known}
    return tuple(_dated(row, [one for one in known if row.path in present[one]], known)
                 for row in rows(operation.id, side, version).values())  # fmt: skip


def type_of(shape: Shape, names: bool = True) -> str:
    """Format a type: "array of Mount"; without object *names*, "array of object"."""
    if shape.items:
        return f"{shape.kind} of {type_of(shape.items, names)}"
    if shape.kind == "object" and names and shape.name.isidentifier():
        return shape.name
    return f"{shape.kind} ({shape.format})" if shape.kind == "string" and shape.format else shape.kind


def plain_path(path: str) -> str:
    """Remove the marks of lists and maps from a path: "HostConfig.Mounts.Target"."""
    return path.replace("[]", "").replace("{}", "")


def _walk(shape: Shape, before: str = "") -> Iterator[tuple[str, Field]]:
    """Yield every field under *shape*, through lists and maps."""
    while shape.items:
        shape = shape.items
    for field in shape.fields:
        path = f"{before}{field.name}"
        yield path, field
        yield from _walk(field.shape, f"{path}{_marks(field.shape)}.")


def _marks(shape: Shape) -> str:
    if not shape.items:
        return ""
    return ("[]" if shape.kind == "array" else "{}") + _marks(shape.items)


def _row(path: str, field: Field, secrets: list[str]) -> FieldRow:
    shape, name = field.shape, plain_path(path)
    secret = any(name == one or (one.startswith(f"{name}.") and shape.kind == "map") for one in secrets)
    enum = tuple(str(value) for value in shape.enum)
    return FieldRow(
        path, type_of(shape), type_of(shape, names=False), field.required, shape.nullable, enum, secret=secret
    )


def _dated(row: FieldRow, present: list[str], known: list[str]) -> FieldRow:
    first = "" if present[0] == known[0] else present[0]
    last = "" if present[-1] == known[-1] else present[-1]
    enum, secret = row.enum, row.secret
    return FieldRow(row.path, row.type, row.plain_type, row.required, row.nullable, enum, first, last, secret)


def fields_named(wanted: str, fields: tuple[FieldRow, ...]) -> tuple[FieldRow, ...]:
    """Return the fields named *wanted* (a name or dotted path, ignoring case), and everything inside them."""
    path = f".{plain_path(wanted).strip('.').lower()}."
    return tuple(row for row in fields if path in f".{plain_path(row.path).lower()}.")


def top_level(fields: tuple[FieldRow, ...]) -> tuple[FieldRow, ...]:
    """Return the top-level fields."""
    return tuple(row for row in fields if "." not in row.path)


def newest_of(operation: Operation, wanted: str) -> str:
    """Return *wanted*, or the nearest version that has the operation. All are known versions."""
    if operation.exists_in(wanted):
        return wanted
    last = operation.last or NEWEST
    return last if between(last, wanted, NEWEST) else operation.first
