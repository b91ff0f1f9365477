"""Short lists of operations: the calls of a command, search results, all operations."""

from itertools import groupby

from apispy.engine import OPERATIONS, Operation
from apispy.engine.operations import FOREIGN_TAGS
from apispy.learn.explain.flag_uses import uses_text
from apispy.learn.explain.layout import BLANK, Line, paragraph, table
from apispy.learn.explain.records import FlagUse, Hit, Interpretation, Kind, Topic

TITLES: dict[Kind, str] = {
    "docker command": "This command makes these calls, in this order:",
    "pasted text": "The text names these calls:",
    "request line": "Several operations have this path:",
    "curl line": "Several operations have this path:",
}

MAX_HITS = 20
"""Search results shown."""


def operations_by_tag(api: str | None) -> tuple[Operation, ...]:
    """Return all operations, or those of API version *api*, ordered by tag."""
    rows = [row for row in OPERATIONS if api is None or row.exists_in(api)]
    tags = list(dict.fromkeys(row.tag for row in OPERATIONS))
    return tuple(sorted(rows, key=lambda row: tags.index(row.tag)))


def list_lines(rows: tuple[Operation, ...], width: int) -> list[Line]:
    """Format a heading for each tag and a row for each operation."""
    lines: list[Line] = []
    for tag, group in groupby(rows, lambda row: row.tag):
        lines += [BLANK, Line(tag, "bold")] if lines else [Line(tag, "bold")]
        lines += table([(row.id, _versions(row), row.does) for row in group], width)
    return lines


def _versions(row: Operation) -> str:
    """The API versions that have *row*: "1.25-", "1.0-1.23"; "" for an operation of another API."""
    return "" if row.tag in FOREIGN_TAGS else f"{row.first or '1.0'}-{row.last}"


def calls_lines(interpretation: Interpretation, width: int) -> list[Line]:
    """Format the numbered calls of a command, a path or a pasted text."""
    rows = [(str(number), call.operation.id, f"{call.operation.method} {call.operation.path}", call.operation.does)
            for number, call in enumerate(interpretation.questions, 1)]  # fmt: skip
    title = TITLES[interpretation.kind] if interpretation.ordered else "This command makes these calls:"
    lines = [*paragraph(title, width, style="bold"), *_two_lines(rows, width)]
    for note in interpretation.notes:
        lines += paragraph(note, width, 2)
    return [
        *lines,
        *([BLANK, *flags, BLANK] if (flags := flag_lines(interpretation.flags, width)) else []),
        *paragraph("Use -v to explain each of them, or type: apispy explain OPERATION", width, style="dim"),
    ]


def flag_lines(flags: tuple[FlagUse, ...], width: int) -> list[Line]:
    """Format what each flag and argument of a docker command becomes."""
    if not flags:
        return []
    operations = list(dict.fromkeys(use.operation for use in flags if use.operation))
    only = operations[0] if len(operations) == 1 else ""
    rows = [(typed, uses_text(group, only)) for typed, group in groupby(flags, key=lambda use: use.typed)]
    return [Line(f"Flags and arguments{f', in {only}' if only else ''}", "bold"), *table(rows, width)]


def topic_lines(topics: tuple[Topic, ...], width: int) -> list[Line]:
    """Format pages about concepts and errors."""
    lines: list[Line] = []
    for topic in topics:
        lines += [BLANK] if lines else []
        lines += [*paragraph(topic.title, width, style="bold"), *paragraph(topic.text, width, 2)]
        lines += paragraph(f"Operations: {', '.join(topic.see)}", width, 2, "dim") if topic.see else []
        lines += paragraph(f"Source: {topic.source}", width, 2, "dim")
    return lines


def _two_lines(rows: list[tuple[str, str, str, str]], width: int) -> list[Line]:
    """Format number, ID and request line, with the description below."""
    lines = []
    for number, name, request, does in rows:
        lines += [Line(f"  {number}  {name}  {request}"), *paragraph(does, width, 5, "dim")]
    return lines


def hits_lines(text: str, interpretation: Interpretation, width: int) -> list[Line]:
    """Format the results of a search for *text*, the best first."""
    hits = interpretation.hits
    if not hits:
        return []
    lines = paragraph(
        f"{text!r} is in {len(hits)} operation{'s' if len(hits) > 1 else ''}:", width, style="bold"
    )
    for hit in hits[:MAX_HITS]:
        lines += [Line(f"  {hit.operation.id}  {hit.operation.method} {hit.operation.path}")]
        lines += paragraph(_found(hit), width, 5, "dim")
    if len(hits) > MAX_HITS:
        lines += paragraph(f"and {len(hits) - MAX_HITS} more; add a word, or --json for all", width, 2)
    return [*lines, *paragraph("To see one in detail, type: apispy explain OPERATION", width, style="dim")]


def _found(hit: Hit) -> str:
    return f"{hit.operation.does} Found in: {', '.join(hit.where)}." if hit.where else hit.operation.does
