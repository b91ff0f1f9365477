"""Text from the wire as Markdown (GitHub's), so that it stays text: nothing breaks out of its place, calls a person
by @name or becomes a link."""

import html
import re
from collections.abc import Iterable, Iterator

from apispy.outputs.escaping import escape


def code(text: str) -> str:
    """*text* as a code span."""
    text = escape(text).strip()
    if not text:
        return ""
    ticks = _ticks(text, 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def cell(text: str) -> str:
    """*text* as a code span that may stand in a table: its bars do not end the cell, whatever stands before them."""
    return re.sub(r"(\\*)\|", r"\1\1\|", code(text))


def tagged(text: str) -> str:
    """*text* as code in HTML, on one line."""
    return f"<code>{html.escape(escape(text))}</code>"


def fenced(lines: Iterable[str], language: str = "") -> Iterator[str]:
    """Lines that are escaped already, as a block of code, with a fence longer than any in them."""
    text = list(lines)
    fence = _ticks("\n".join(text), 3)
    yield fence + language
    yield from text
    yield fence


def _ticks(text: str, least: int) -> str:
    """More backticks in a row than *text* has."""
    return "`" * max(least, 1 + max(map(len, re.findall("`+", text)), default=0))
