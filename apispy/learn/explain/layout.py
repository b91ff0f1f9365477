"""Paragraphs and tables of a given width. The caller applies colours and escaping."""

import textwrap
from collections.abc import Sequence
from typing import Literal

from apispy.structs import Struct

Style = Literal["", "bold", "dim", "warn"]

MAX_COLUMN_WIDTH = 28
"""Maximum width of any column except the last; longer cells shift their line to the right."""

MIN_WIDTH = 20
"""Minimum width used, even if the terminal reports less."""


class Line(Struct, frozen=True):
    """One line without its line break. It may contain text that the user typed."""

    text: str
    style: Style = ""


BLANK = Line("")


def paragraph(text: str, width: int, indent: int = 0, style: Style = "") -> list[Line]:
    """Wrap *text* to *width* columns."""
    return _wrapped(text, width, " " * indent, " " * indent, style)


def table(rows: Sequence[tuple[str, ...]], width: int, indent: int = 2, style: Style = "") -> list[Line]:
    """Align rows of cells in columns; the last column is wrapped."""
    return [line for lines in table_rows(rows, width, indent, style) for line in lines]


def table_rows(
    rows: Sequence[tuple[str, ...]], width: int, indent: int = 2, style: Style = ""
) -> list[list[Line]]:
    """Return the lines of each row of ``table``."""
    if not rows:
        return []
    sizes = [min(max(len(cell) for cell in column), MAX_COLUMN_WIDTH) for column in zip(*rows, strict=True)][
        :-1
    ]
    start = indent + sum(sizes) + 2 * len(sizes)
    return [_row(row, sizes, width, indent, start, style) for row in rows]


def _row(
    cells: tuple[str, ...], sizes: list[int], width: int, indent: int, start: int, style: Style
) -> list[Line]:
    head = "".join(f"{cell:{size}}  " for cell, size in zip(cells[:-1], sizes, strict=True))
    return _wrapped(cells[-1], width, " " * indent + head, " " * start, style)


def _wrapped(text: str, width: int, first: str, rest: str, style: Style) -> list[Line]:
    width = max(width, MIN_WIDTH)
    if len(first) + 8 > width:  # no room next to it
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
