"""Changes between API versions, computed from the tables of each version."""

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
"""Descriptions by name."""


def compare(operation: Operation, older: str, newer: str) -> list[Change]:
    """Return the changes from *older* to *newer*, both known versions. Bodies are compared since API 1.25."""
    before, after = operation.exists_in(older), operation.exists_in(newer)
    if before and after:
        return list(_parts(operation.id, older, newer))
    if before or after:
        return [Change(newer, operation.id, "added" if after else "removed", "operation", operation.id)]
    return []


@cache
def history(operation: Operation) -> tuple[Change, ...]:
    """Return the changes of an operation in every version, the oldest first."""
    pairs = pairwise(VERSIONS)
    return tuple(change for older, newer in pairs for change in compare(operation, older, newer))


def difference(older: str, newer: str) -> tuple[Change, ...]:
    """Return the changes of all operations from *older* to *newer*, in catalogue order."""
    return tuple(change for operation in OPERATIONS for change in compare(operation, older, newer))


def _parts(operation_id: str, older: str, newer: str) -> Iterator[Change]:
    def changes(part: Part, before: Facts, after: Facts) -> Iterator[Change]:
        for name in dict.fromkeys((*after, *before)):
            old, new = before.get(name), after.get(name)
            if old != new:
                what = "added" if old is None else "removed" if new is None else "changed"
                yield Change(newer, operation_id, what, part, name, old or "", new or "")  # type: ignore[arg-type]

    yield from changes("parameter", _parameters(operation_id, older), _parameters(operation_id, newer))
    if newer not in DESCRIBED:
        return
    older = older if older in DESCRIBED else DESCRIBED[0]
    body = rows(operation_id, "request", older), rows(operation_id, "request", newer)
    yield from changes("body", _fields(*body), _fields(*reversed(body)))
    response = rows(operation_id, "response", older), rows(operation_id, "response", newer)
    yield from changes("answer", _fields(*response), _fields(*reversed(response)))
    yield from changes("status", _statuses(operation_id, older), _statuses(operation_id, newer))


def _parameters(operation_id: str, version: str) -> Facts:
    """Describe the parameters outside the path; only the reference knows the names in the path."""
    found = parameters_of(operation_id, version)
    return {f"{row.place} {row.name}": parameter_words(row) for row in found if row.place != "path"}


def parameter_words(row: Parameter) -> str:
    """Describe a parameter: "string, JSON, required"."""
    words = [row.type, "JSON" if row.json else "", "required" if row.required else ""]
    words += [f"one of {', '.join(row.enum)}" if row.enum else "", "" if row.documented else "undocumented"]
    return ", ".join(word for word in words if word)


def _fields(these: Rows, others: Rows) -> Facts:
    """Describe fields. If the other version lacks an object or has another type, skip the fields inside it."""
    return {path: _field_words(row) for path, row in these.items() if _same_owner(path, these, others)}


def _same_owner(path: str, these: Rows, others: Rows) -> bool:
    owner = path.rpartition(".")[0].rstrip("[]{}")
    return not owner or (owner in others and others[owner].plain_type == these[owner].plain_type)


def _field_words(row: FieldRow) -> str:
    enum = f"one of {', '.join(value or '(empty)' for value in row.enum)}" if row.enum else ""
    return ", ".join(word for word in (row.plain_type, enum, "required" if row.required else "") if word)


def _statuses(operation_id: str, version: str) -> Facts:
    return {str(status): "" for status in statuses(operation_id, version)}
