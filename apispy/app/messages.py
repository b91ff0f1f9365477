"""Messages and results of the commands, on standard error and standard output.

Standard error holds apispy's own messages, because standard output may hold a client's output or a result. Each line
begins with ``apispy: ``, except lines to paste into a shell, and lines that continue the one above: these are indented.

With ``log_format.is_json``, each message on standard error is a line of ``outputs.json_log`` instead.
"""

import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, TextIO

from apispy.app import log_format
from apispy.outputs.escaping import escape
from apispy.outputs.style import Piece, paint, wrap

if TYPE_CHECKING:
    from apispy.outputs.json_log import Level


def info(text: str) -> None:
    """Print a message on standard error, after ``apispy: ``. *text* may quote input: it is escaped."""
    _message(text, "info")


def warning(text: str) -> None:
    """Print a message about something that may need the user, as ``info`` does; a log has another level for it."""
    _message(text, "warning")


def error(text: str) -> None:
    """Print a message about something that apispy cannot do, as ``info`` does; a log has another level for it."""
    _message(text, "error")


def error_lines(text: str) -> None:
    """Print an error's message, which may have several lines. *text* may quote input: it is escaped."""
    if log_format.is_json:
        _log(text, "error")
        return
    for line in text.split("\n"):
        if line.startswith("  "):
            info_line(escape(line))
        else:
            info(line)


def info_line(line: str) -> None:
    """Print a line on standard error, without a prefix and unescaped: a line to paste into a shell.

    A log has no empty line.
    """
    if not log_format.is_json:
        _print(line, sys.stderr)
    elif line:
        _log(line, "info")


def result(text: str) -> None:
    """Print lines of a result on standard output, escaped."""
    for line in text.split("\n"):
        _print(escape(line), sys.stdout)


def print_styled(text: str, style: str, color: bool, *, err: bool = False, columns: int = 0) -> None:
    """Print one line, escaped and painted if *color*; *err*: on standard error.

    A line longer than *columns* is broken between words; 0 means never.
    """
    pieces = [Piece(escape(text), style)]
    if columns:
        pieces = wrap(pieces, columns, len(text) - len(text.lstrip(" ")) + 2)
    _print(paint(pieces, color), sys.stderr if err else sys.stdout)


class StyledLine(Protocol):
    """A line of an explanation or a difference."""

    @property
    def text(self) -> str: ...
    @property
    def style(self) -> str: ...


def print_lines(lines: Iterable[StyledLine], color: bool) -> None:
    """Print *lines* on standard output, escaped and painted if *color*."""
    for line in lines:
        print_styled(line.text, line.style, color)


def _message(text: str, level: "Level") -> None:
    if log_format.is_json:
        _log(text, level)
    else:
        info_line(f"apispy: {escape(text)}")


def _log(text: str, level: "Level") -> None:
    from apispy.outputs.json_log import log_line  # a command that fails at once needs none of the outputs

    sys.stderr.write(log_line(time.time(), level, text))
    sys.stderr.flush()


def _print(line: str, stream: TextIO) -> None:
    stream.write(f"{line}\n")
    stream.flush()
