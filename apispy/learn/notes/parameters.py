"""Notes on query parameters: the daemon silently ignores unknown ones."""

from collections.abc import Iterator

from apispy.engine.deprecations import FILTERS as DEPRECATED_FILTERS
from apispy.engine.deprecations import INSTEAD
from apispy.engine.filters import FILTERS, filter_names, filter_problems
from apispy.engine.parameters import Parameter, parameters, parameters_of
from apispy.engine.undocumented_fields import UNUSED_PARAMETERS
from apispy.engine.versions import NEWEST, VERSIONS, nearest
from apispy.learn.notes.finished_call import FinishedCall, quoted
from apispy.learn.notes.places import suggestion
from apispy.learn.notes.versions import availability, documented_in
from apispy.model import is_redacted


def parameter_notes(finished: FinishedCall) -> Iterator[str]:
    names = dict.fromkeys(name for name, _ in finished.call.parameters)
    if not names:
        return
    operation, version = finished.operation, finished.version
    known = {row.name: row for row in parameters_of(operation, version) if row.place == "query"}
    for name in names:
        if instead := UNUSED_PARAMETERS.get((operation, name)):
            yield f"parameter {name} of {operation} has no effect on Docker Engine 20.10 and later: {instead}"
        elif name in known:
            yield from _deprecated(operation, known[name], version)
        else:
            yield _unknown(finished, name, known)
    if "filters" in known and "filters" in names:
        yield from _filters(finished)


def _deprecated(operation: str, row: Parameter, version: str | None) -> Iterator[str]:
    if row.deprecated and _reached(row.deprecated, version):
        instead = INSTEAD.get((operation, row.name), "")
        text = f"parameter {row.name} of {operation} has been deprecated since API {row.deprecated}"
        yield f"{text}: {instead}" if instead else text


def _reached(since: str, version: str | None) -> bool:
    return int(since.removeprefix("1.")) <= int(nearest(version).removeprefix("1."))


def _unknown(finished: FinishedCall, name: str, known: dict[str, Parameter]) -> str:
    operation, version = finished.operation, finished.version
    rows = [row for row in parameters(operation) if row.place == "query" and row.name == name]
    if rows:
        first = min((row.first for row in rows), key=VERSIONS.index)
        last = max((row.last for row in rows), key=VERSIONS.index)
        instead = f"; {after}" if (after := INSTEAD.get((operation, name))) else ""
        if all(row.documented for row in rows):
            return f"parameter {name} of {operation} is {documented_in(first, last, version)}{instead}"
        versions = availability(first, last)
        return f"API {version or NEWEST} has no parameter {name} of {operation}: it is available {versions}{instead}"
    likely = suggestion(operation, name, version, place="query", known=known)
    return f"{operation} has no parameter {quoted(name)}, so {finished.ignored}{likely}"


def _filters(finished: FinishedCall) -> Iterator[str]:
    operation, text = finished.operation, finished.call.value("filters")
    if is_redacted(text):
        return
    version = finished.daemon_version or finished.version
    for problem in filter_problems(operation, text, version, finished.ignored):
        if problem.kind != "refused" or not 0 < finished.status < 400:  # Podman and newer engines take more
            yield problem.text
    for name in FILTERS.get(operation, ()):
        row = DEPRECATED_FILTERS.get((operation, name))
        if row and _reached(row.since, finished.version) and name in filter_names(text):
            yield f"the filter {name} of {operation} has been deprecated since API {row.since}"
