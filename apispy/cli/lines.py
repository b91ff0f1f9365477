"""Prints lines that have a style, and may hold what was typed or came over the wire."""

from collections.abc import Iterable
from typing import Protocol

from apispy.app.messages import print_styled


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
