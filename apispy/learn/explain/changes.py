"""What changed between versions, computed from what each of them has."""

from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from apispy.engine import OPERATIONS, Operation
from apispy.engine.parameters import Parameter, parameters_of
from apispy.engine.shapes import statuses
from apispy.engine.versions import VERSIONS
from apispy.learn.explain.body_fields import DESCRIBED, Rows, rows
from apispy.learn.explain.records import Change, FieldRow, Part

Facts = dict[str, str]
"""Names, and what is to be said of each."""


def compare(operation: Operation, older: str, newer: str) -> list[Change]:
    """What the known version *newer* has otherwise than *older*. Bodies are compared from API 1.25 on."""
    was, is_ = operation.exists_in(older), operation.exists_in(newer)
    if was and is_:
        return list(_parts(operation.id, older, newer))
    if was or is_:
        return [Change(newer, operation.id, "added" if is_ else "removed", "operation", operation.id)]
    return []


@cache
def history(operation: Operation) -> tuple[Change, ...]:
    """What every version did to it, the oldest first."""
    pairs = pairwise(VERSIONS)
    return tuple(change for older, newer in pairs for change in compare(operation, older, newer))


def difference(older: str, newer: str) -> tuple[Change, ...]:
    """What *newer* has otherwise than *older*, of all operations in the order of the catalogue."""
    return tuple(change for operation in OPERATIONS for change in compare(operation, older, newer))


def _parts(operation_id: str, older: str, newer: str) -> Iterator[Change]:
    def changes(part: Part, before: Facts, after: Facts) -> Iterator[Change]:
        for name in dict.fromkeys((*after, *before)):
            was, is_ = before.get(name), after.get(name)
            if was != is_:
                what = "added" if was is None else "removed" if is_ is None else "changed"
                yield Change(newer, operation_id, what, part, name, was or "", is_ or "")  # type: ignore[arg-type]

    yield from changes("parameter", _parameters(operation_id, older), _parameters(operation_id, newer))
    if newer not in DESCRIBED:
        return
    older = older if older in DESCRIBED else DESCRIBED[0]
    body = rows(operation_id, "request", older), rows(operation_id, "request", newer)
    yield from changes("body", _fields(*body), _fields(*reversed(body)))
    answer = rows(operation_id, "response", older), rows(operation_id, "response", newer)
    yield from changes("answer", _fields(*answer), _fields(*reversed(answer)))
    yield from changes("status", _statuses(operation_id, older), _statuses(operation_id, newer))


def _parameters(operation_id: str, version: str) -> Facts:
    """Without those in the path, whose names only the documents know."""
    found = parameters_of(operation_id, version)
    return {f"{row.place} {row.name}": parameter_words(row) for row in found if row.place != "path"}


def parameter_words(row: Parameter) -> str:
    """Type and the rest in words: "string, JSON, required"."""
    words = [row.type, "JSON" if row.json else "", "required" if row.required else ""]
    words += [f"one of {', '.join(row.enum)}" if row.enum else "", "" if row.documented else "undocumented"]
    return ", ".join(word for word in words if word)


def _fields(these: Rows, others: Rows) -> Facts:
    """Of a group that the other version does not have, or as another type, only the head."""
    return {path: _field_words(row) for path, row in these.items() if _same_owner(path, these, others)}


def _same_owner(path: str, these: Rows, others: Rows) -> bool:
    owner = path.rpartition(".")[0].rstrip("[]{}")
    return not owner or (owner in others and others[owner].plain_type == these[owner].plain_type)


def _field_words(row: FieldRow) -> str:
    enum = f"one of {', '.join(value or '(empty)' for value in row.enum)}" if row.enum else ""
    return ", ".join(word for word in (row.plain_type, enum, "required" if row.required else "") if word)


def _statuses(operation_id: str, version: str) -> Facts:
    return {str(status): "" for status in statuses(operation_id, version)}
