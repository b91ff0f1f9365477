"""Several operations on few lines: the calls of a command, what a search found, the list of all."""

from itertools import groupby

from apispy.engine import OPERATIONS, Operation
from apispy.learn.explain.layout import BLANK, Line, paragraph, table
from apispy.learn.explain.records import Hit, Understood

MOST = 20
"""How many of the operations that a search found are shown."""


def listed(api: str | None) -> tuple[Operation, ...]:
    """All operations, or those that API version *api* has, by tag."""
    rows = [row for row in OPERATIONS if api is None or row.exists_in(api)]
    tags = list(dict.fromkeys(row.tag for row in OPERATIONS))
    return tuple(sorted(rows, key=lambda row: tags.index(row.tag)))


def list_lines(rows: tuple[Operation, ...], width: int) -> list[Line]:
    """A heading for each tag, and an entry for each operation."""
    lines: list[Line] = []
    for tag, group in groupby(rows, lambda row: row.tag):
        lines += [BLANK, Line(tag, "bold")] if lines else [Line(tag, "bold")]
        lines += table([(row.id, f"{row.first or '1.0'}-{row.last}", row.does) for row in group], width)
    return lines


def calls_lines(understood: Understood, width: int) -> list[Line]:
    """The calls that were asked about, numbered."""
    command = understood.kind == "docker command"
    title = (
        "This command makes these calls, in this order:" if command else "Several operations have this path:"
    )
    rows = [(str(number), one.operation.id, f"{one.operation.method} {one.operation.path}", one.operation.does)
            for number, one in enumerate(understood.asked, 1)]  # fmt: skip
    lines = [*paragraph(title, width, style="bold"), *_two_lines(rows, width)]
    for note in understood.notes:
        lines += paragraph(note, width, 2)
    return [
        *lines,
        *paragraph("-v explains each of them; or type: apispy explain OPERATION", width, style="dim"),
    ]


def _two_lines(rows: list[tuple[str, str, str, str]], width: int) -> list[Line]:
    """Number, id and request line; below it what it does."""
    lines = []
    for number, name, request, does in rows:
        lines += [Line(f"  {number}  {name}  {request}"), *paragraph(does, width, 5, "dim")]
    return lines


def hits_lines(text: str, understood: Understood, width: int) -> list[Line]:
    """What a search for *text* found, the best first."""
    hits = understood.hits
    lines = paragraph(
        f"{text!r} is in {len(hits)} operation{'s' if len(hits) > 1 else ''}:", width, style="bold"
    )
    for hit in hits[:MOST]:
        lines += [Line(f"  {hit.operation.id}  {hit.operation.method} {hit.operation.path}")]
        lines += paragraph(_found(hit), width, 5, "dim")
    if len(hits) > MOST:
        lines += paragraph(f"and {len(hits) - MOST} more; add a word, or --json for all", width, 2)
    return [*lines, *paragraph("apispy explain OPERATION tells all about one.", width, style="dim")]


def _found(hit: Hit) -> str:
    return f"{hit.operation.does} Found in: {', '.join(hit.where)}." if hit.where else hit.operation.does
