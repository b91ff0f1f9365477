"""Reads captures: the exchanges of a file in its order, or what is on its lines one by one."""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from apispy.capture.exchange_summary import ExchangeSummary
from apispy.capture.lines import Header, Line, read_line, read_summary
from apispy.capture.raw_lines import (
    LINE_LIMIT,
    STDIN,
    CaptureError,
    lines_of,
    name_of,
    opened,
    too_long,
    unpacked,
)
from apispy.capture.validation import Malformed, Newer
from apispy.model import Exchange

log = logging.getLogger(__name__)

Say = Callable[[str], None]

Reached = Callable[[float], None]

NOW_AND_THEN = 100
"""Lines between two reports of progress."""

type Read[Told] = Callable[[bytes, int], Told]


class LineReader:
    """Makes the lines of one file into what they tell.

    *say* is told of a last line that was cut, *fault* of each line that cannot be read; without one it is raised.
    """

    def __init__(self, path: Path, say: Say = log.warning, fault: Say | None = None) -> None:
        self._name, self._path = name_of(path), path
        self._say, self._fault = say, fault
        self.version = 0  # of the format, once the header is known

    def attempt(self, data: bytes, number: int) -> Line | None:
        """What line *number*, from 1, tells; None if it cannot be read.

        Raises CaptureError, always for the first line and for one that is too long: what follows is no capture.
        """
        return self._attempt(data, number, read_line)

    def gist(self, data: bytes, number: int) -> ExchangeSummary | None:
        """The same, but only of an exchange, and only its gist."""
        told = self._attempt(data, number, read_summary)
        return told if isinstance(told, ExchangeSummary) else None

    def _attempt[Told](self, data: bytes, number: int, read: Read[Told]) -> Told | None:
        try:
            return self._read(data, number, read)
        except CaptureError as error:
            if len(data) > LINE_LIMIT:
                raise
            if not data.endswith(b"\n"):
                self._say(self._cut(data, number))
            elif number == 1 or self._fault is None:
                raise
            else:
                self._fault(str(error))
            return None

    def ended(self, lines: int) -> None:
        """The file was read, it had so many lines. Raises CaptureError if it is no capture."""
        if not self.version:
            raise CaptureError(
                f"{self._name}: expected a capture, which begins with a header line; found "
                + ("only a part of one" if lines else "an empty file")
            )

    def problem(self, number: int, text: str) -> CaptureError:
        return CaptureError(f"{self._name}, line {number}: {text}")

    def _read[Told](self, data: bytes, number: int, read: Read[Told]) -> Told:
        if len(data) > LINE_LIMIT:
            raise too_long(self._path, number)
        try:
            line = read(data, self.version)
        except Malformed as fault:
            raise self.problem(number, f"{fault}{self._advice(fault)}") from None
        except RecursionError:
            raise self.problem(number, "expected a plain line, found one that is nested too deeply") from None
        if isinstance(line, Header):
            self.version = line.format
        return line

    def _cut(self, data: bytes, number: int) -> str:
        return (
            f"{self._name}, line {number}: the last line was cut after {len(data)} bytes, as when apispy was killed "
            "or the disk was full; what stands before it is whole"
        )

    def _advice(self, fault: Malformed) -> str:
        return (
            ""
            if self.version or isinstance(fault, Newer)
            else ". Is this a file that `apispy --capture FILE` wrote?"
        )


def read(path: Path, say: Say = log.warning) -> Iterator[Exchange]:
    """The exchanges of the file at *path* ("-" is standard input), in its order: that of their ends.

    *say* is told when the last line was cut. Raises CaptureError, with file and line, for whatever cannot be read.
    """
    numbers: set[int] = set()
    for number, line in read_lines(path, say):
        if isinstance(line, Header):
            numbers.clear()
        elif isinstance(line, Exchange):
            if line.id in numbers:
                raise LineReader(path).problem(number, f"a second exchange has the number {line.id}")
            numbers.add(line.id)
            yield line


def read_lines(
    path: Path, say: Say = log.warning, fault: Say | None = None, progress: Reached = lambda _: None
) -> Iterator[tuple[int, Line]]:
    """All lines with their numbers; otherwise as ``read``. With *fault*, that is told of lines that cannot be read.

    *progress* is told now and then which part of the file was read, from 0 to 1, if it is a plain file.
    """
    reader = LineReader(path, say, fault)
    return _told(path, reader, reader.attempt, progress)


def read_summaries(
    path: Path, say: Say = log.warning, fault: Say | None = None, progress: Reached = lambda _: None
) -> Iterator[tuple[int, ExchangeSummary]]:
    """The gists of the exchanges, with the numbers of their lines; otherwise as ``read_lines``."""
    reader = LineReader(path, say, fault)
    return _told(path, reader, reader.gist, progress)


def _told[Told](
    path: Path, reader: LineReader, attempt: Callable[[bytes, int], Told | None], progress: Reached
) -> Iterator[tuple[int, Told]]:
    number = 0
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size if path != STDIN else 0  # 0 of a pipe, too
        for number, data in enumerate(lines_of(unpacked(file, path), path), 1):
            if size and number % NOW_AND_THEN == 0:
                progress(file.tell() / size)
            told = attempt(data, number)
            if told is not None:
                yield number, told
        if size:
            progress(1.0)
    reader.ended(number)
