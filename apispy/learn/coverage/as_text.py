"""A coverage report as lines of text."""

from collections.abc import Iterator

from apispy.learn.coverage.report import ASPECTS, OperationCoverage, Report, Tally
from apispy.learn.explain.layout import BLANK, Line, paragraph, table
from apispy.learn.wording import count

MAX_MISSING = 40
"""Missing names of one kind that are listed for an operation."""


def report_lines(report: Report, width: int, *, verbose: bool = False) -> list[Line]:
    """Format the report: a table by tag, and what is not covered. *verbose*: also what covered operations miss."""
    lines = [Line(heading(report), "bold"), BLANK, *_table(report)]
    uncovered = [(tag, ", ".join(names)) for tag, names in not_covered(report)]
    if uncovered:
        lines += [BLANK, Line("Not covered", "bold"), *table(uncovered, width)]
    if verbose:
        for row in report.covered:
            lines += _missing(row, width)
    for title, names in remarks(report):
        lines += [BLANK, Line(title, "bold"), *paragraph(", ".join(names), width, indent=2)]
    return lines


def heading(report: Report) -> str:
    """Name the version and the calls."""
    others = [
        f"{version} ({calls})"
        for version, calls in sorted(report.versions.items())
        if version != report.version
    ]
    also = f"; calls with other versions: {', '.join(others)}" if others else ""
    return f"API {report.version}: {percent(len(report.covered), len(report.rows))} of the operations, " + (
        f"{count(report.calls, 'call')}{also}"
    )


def remarks(report: Report) -> Iterator[tuple[str, list[str]]]:
    """Yield titles and names: what changed since the baseline, and what the description does not have."""
    if report.baseline is not None:
        yield "Covered since the baseline", report.gained or ["none"]
        yield "Covered by the baseline only", report.lost or ["none"]
    if report.beyond:
        names = [f"{name} ({calls})" for name, calls in report.beyond]
        yield f"Operations that the description of API {report.version} does not have", names
    if report.unknown:
        yield "Calls of unknown operations", [str(report.unknown)]


def not_covered(report: Report) -> list[tuple[str, list[str]]]:
    """Return the operations without a call by tag."""
    found: dict[str, list[str]] = {}
    for row in report.rows:
        if not row.calls:
            found.setdefault(row.operation.tag, []).append(row.operation.id)
    return list(found.items())


def cells(tally: Tally) -> list[str]:
    """Return the cells of a row of the table."""
    covered, total = tally.operations
    return [
        tally.name,
        f"{covered}/{total}",
        percent(covered, total),
        *(
            "-" if not tally.aspects[aspect][1] else "{}/{}".format(*tally.aspects[aspect])
            for aspect in ASPECTS
        ),
    ]


HEADINGS = ["tag", "operations", "", *ASPECTS]


def percent(part: int, total: int) -> str:
    """Format a percentage. Only all is 100 %, and only nothing is 0 %."""
    if not total or part in (0, total):
        return "100 %" if total and part == total else "0 %"
    return f"{min(99, max(1, round(100 * part / total)))} %"


def _table(report: Report) -> list[Line]:
    rows = [HEADINGS, *(cells(tally) for tally in report.tallies)]
    sizes = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    texts = [
        "  ".join(
            cell.ljust(size) if column == 0 else cell.rjust(size)
            for column, (cell, size) in enumerate(zip(row, sizes, strict=True))
        )
        for row in rows
    ]
    return [
        Line(text.rstrip(), "bold" if number in (0, len(texts) - 1) else "")
        for number, text in enumerate(texts)
    ]


def _missing(row: OperationCoverage, width: int) -> list[Line]:
    found = [(aspect, names_of(row.part(aspect).missing)) for aspect in ASPECTS if row.part(aspect).missing]
    if not found:
        return []
    title = f"{row.operation.id}: {count(row.calls, 'call')}, without"
    return [BLANK, Line(title, "bold"), *table(found, width)]


def names_of(missing: tuple[str, ...]) -> str:
    """Join names, without the fields inside of other missing fields."""
    outer = [name for name in missing if not any(is_inside(name, other) for other in missing)]
    more = f" and {len(outer) - MAX_MISSING} more" if len(outer) > MAX_MISSING else ""
    return ", ".join(name.removeprefix("query ") for name in outer[:MAX_MISSING]) + more


def is_inside(name: str, other: str) -> bool:
    """Whether the field *name* is a part of the field *other*."""
    return name.startswith(other) and name[len(other) : len(other) + 1] in (".", "[", "{")
