"""Lines for people: paragraphs and tables of a given width. Colours and escaping are the printer's affair."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Style = Literal["", "bold", "dim", "warn"]

WIDEST = 28
"""Characters that a column but the last takes at most; what is longer pushes its line to the right."""

NARROWEST = 20
"""Columns that are used even if the terminal says that it has fewer."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line, without its end. What was typed may stand in it."""

    text: str
    style: Style = ""


BLANK = Line("")


def paragraph(text: str, width: int, indent: int = 0, style: Style = "") -> list[Line]:
    """*text* over as many lines as *width* columns need."""
    return _wrapped(text, width, " " * indent, " " * indent, style)


def table(rows: Sequence[tuple[str, ...]], width: int, indent: int = 2, style: Style = "") -> list[Line]:
    """Rows of equally many cells, in columns; the last is wrapped within its own."""
    if not rows:
        return []
    sizes = [min(max(len(cell) for cell in column), WIDEST) for column in zip(*rows, strict=True)][:-1]
    start = indent + sum(sizes) + 2 * len(sizes)
    return [line for row in rows for line in _row(row, sizes, width, indent, start, style)]


def _row(
    cells: tuple[str, ...], sizes: list[int], width: int, indent: int, start: int, style: Style
) -> list[Line]:
    head = "".join(f"{cell:{size}}  " for cell, size in zip(cells[:-1], sizes, strict=True))
    return _wrapped(cells[-1], width, " " * indent + head, " " * start, style)


def _wrapped(text: str, width: int, first: str, rest: str, style: Style) -> list[Line]:
    width = max(width, NARROWEST)
    if len(first) + 8 > width:  # no room beside it
        first, rest = first.rstrip() + "  ", " " * min(len(rest), width // 2)
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [Line(line.rstrip(), style) for line in lines or [first]]
