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
    from apispy.outputs.safe import escape
    from apispy.outputs.style import Piece, paint

    for line in lines:
        click.echo(paint([Piece(escape(line.text), line.style)], color), color=color)
