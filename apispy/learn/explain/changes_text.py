"""Changes as lines of text: one operation by version, or two versions by operation."""

from collections.abc import Iterable
from itertools import groupby

from apispy.engine.operations import BY_ID
from apispy.learn.explain.layout import BLANK, Line, paragraph, table
from apispy.learn.explain.records import Change

SIGNS = {"added": "+", "removed": "-", "changed": "~"}
PARTS = {"operation": "", "parameter": "", "body": "body ", "answer": "response ", "status": "status "}
"""Prefixes of names in the text."""


def history_lines(changes: tuple[Change, ...], width: int) -> list[Line]:
    """Format a row for each version with changes."""
    if not changes:
        return []
    rows = [(version, _compact(group)) for version, group in groupby(changes, lambda change: change.version)]
    return [Line("Changes", "bold"), *table(rows, width)]


def difference_lines(
    changes: tuple[Change, ...], older: str, newer: str, notes: tuple[str, ...], width: int
) -> list[Line]:
    """Format the changes in *newer*: whole operations first, then the rest by operation."""
    count = len({change.operation for change in changes})
    differ = "1 operation differs" if count == 1 else f"{count or 'no'} operations differ"
    title = f"From API {older} to {newer}: {differ}"
    lines = paragraph(title, width, style="bold")
    for note in notes:
        lines += paragraph(note, width, style="warn")
    whole = [change for change in changes if change.part == "operation"]
    if whole:
        lines += [BLANK, *table([_whole(change) for change in whole], width, indent=0)]
    parts = (change for change in changes if change.part != "operation")
    for operation, group in groupby(parts, lambda change: change.operation):
        row = BY_ID[operation]
        lines += [BLANK, Line(f"{row.id}  {row.method} {row.path}", "bold")]
        lines += table(
            [(SIGNS[change.what], f"{_name(change)}{_from_to(change)}") for change in group], width
        )
    return lines


def _whole(change: Change) -> tuple[str, str, str]:
    row = BY_ID[change.operation]
    return SIGNS[change.what], row.id, f"{row.method} {row.path}: {row.does}"


def _compact(changes: Iterable[Change]) -> str:
    """Format changes on one line: "+ body A, B; ~ query all"."""
    words = []
    for (part, what), group in groupby(
        sorted(changes, key=_order), lambda change: (change.part, change.what)
    ):
        names = ", ".join(_name(change).removeprefix(PARTS[part]) + _in_brackets(change) for change in group)
        words.append(f"{SIGNS[what]} {PARTS[part]}{'the operation' if part == 'operation' else names}")
    return "; ".join(words)


def _order(change: Change) -> tuple[int, int]:
    return list(PARTS).index(change.part), list(SIGNS).index(change.what)


def _name(change: Change) -> str:
    return f"{PARTS[change.part]}{change.name}"


def _from_to(change: Change) -> str:
    if change.what == "changed":
        return f": {_delta(change)}"
    description = change.after or change.before
    return f": {description}" if description else ""


def _in_brackets(change: Change) -> str:
    return f" ({_delta(change)})" if change.what == "changed" else ""


def _delta(change: Change) -> str:
    """Format what differs between two descriptions: "string -> integer", "+cluster, -npipe"."""
    before, after = (text.replace("one of ", "").split(", ") for text in (change.before, change.after))
    gone = [word for word in before if word not in after]
    new = [word for word in after if word not in before]
    if len(gone) == len(new) == 1:
        return f"{gone[0]} -> {new[0]}"
    return ", ".join([*(f"+{word}" for word in new), *(f"-{word}" for word in gone)])
