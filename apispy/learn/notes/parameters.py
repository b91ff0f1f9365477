"""Notes on query parameters: the daemon silently ignores unknown ones."""

import difflib
from collections.abc import Iterator

from apispy.engine import Call
from apispy.engine.parameters import Parameter, parameters, parameters_of
from apispy.engine.versions import NEWEST, nearest
from apispy.learn.notes.versions import availability


def parameter_notes(call: Call, version: str | None) -> Iterator[str]:
    names = dict.fromkeys(name for name, _ in call.parameters)
    if not names:
        return
    operation = call.operation.id
    known = {row.name: row for row in parameters_of(operation, version) if row.place == "query"}
    for name in names:
        if name in known:
            yield from _deprecated(operation, known[name], version)
        else:
            yield _unknown(operation, name, version)


def _deprecated(operation: str, row: Parameter, version: str | None) -> Iterator[str]:
    if row.deprecated and _reached(row.deprecated, version):
        yield f"parameter {row.name} of {operation} has been deprecated since API {row.deprecated}"


def _reached(since: str, version: str | None) -> bool:
    return int(since.removeprefix("1.")) <= int(nearest(version).removeprefix("1."))


def _unknown(operation: str, name: str, version: str | None) -> str:
    rows = [row for row in parameters(operation) if row.place == "query"]
    other = next((row for row in rows if row.name == name), None)
    if other is not None:
        versions = availability(other.first, other.last)
        return f"API {version or NEWEST} has no parameter {name} of {operation}: it is available {versions}"
    likely = difflib.get_close_matches(name, [row.name for row in rows], 1)
    suggestion = f"; did you mean {likely[0]}?" if likely else ""
    return f"{operation} has no parameter {name!r}, so Docker ignores it{suggestion}"
