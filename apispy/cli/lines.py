"""Prints lines that have a style, and may hold what was typed or came over the wire."""

from collections.abc import Iterable
from typing import Protocol

import click


class Styled(Protocol):
    """A line: of an explanation, or of a difference."""

    @property
    def text(self) -> str: ...
    @property
    def style(self) -> str: ...


def print_lines(lines: Iterable[Styled], color: bool) -> None:
    """Each escaped, and painted if *color*."""
    for line in lines:
        print_styled(line.text, line.style, color)


def print_styled(text: str, style: str, color: bool, *, err: bool = False, columns: int = 0) -> None:
    """One line; *err*: on standard error; broken between words after *columns*, if that is not 0."""
    from apispy.outputs.safe import escape
    from apispy.outputs.style import Piece, paint, wrap

    pieces = [Piece(escape(text), style)]
    if columns:
        pieces = wrap(pieces, columns, len(text) - len(text.lstrip(" ")) + 2)
    click.echo(paint(pieces, color), color=color, err=err)
