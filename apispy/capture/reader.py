"""Readers for captures: the exchanges of a file, or all its lines, in file order."""

import logging
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from apispy.capture.exchange_summary import ExchangeSummary
from apispy.capture.lines import Header, Line, read_documents, read_line, read_summary
from apispy.capture.raw_lines import (
    LINE_LIMIT,
    STDIN,
    CaptureError,
    decompressed,
    display_name,
    line_too_long,
    open_capture,
    split_lines,
)
from apispy.capture.typed_line import Contents
from apispy.capture.validation import Malformed, NewerFormat
from apispy.model import Exchange

log = logging.getLogger(__name__)

Report = Callable[[str], None]
"""Takes the text of a warning or an error."""

Progress = Callable[[float], None]
"""Takes the part of the file that has been read, from 0 to 1."""

HEADER_START = b'{"capture":'
"""The first bytes of a capture."""

PROGRESS_INTERVAL = 100
"""Lines between two reports of progress."""

type Parse[T] = Callable[[bytes, int], T]


class LineReader:
    """Reads the lines of one file.

    *warn* is called for a truncated last line, *on_error* for each line that cannot be read. Without *on_error*, the
    error is raised.
    """

    def __init__(self, path: Path, warn: Report = log.warning, on_error: Report | None = None) -> None:
        self._name, self._path = display_name(path), path
        self._warn, self._on_error = warn, on_error
        self.version = 0  # format version, once the header has been read
        self._read_documents = partial(read_documents, contents=Contents())

    def read(self, data: bytes, number: int) -> Line | None:
        """Read line *number*, counted from 1. Returns None if it cannot be read.

        Raises CaptureError, always for the first line and for one that is too long: the rest is not a capture.
        """
        return self._attempt(data, number, read_line)

    def read_documents(self, data: bytes, number: int) -> Line | None:
        """Read a line like ``read``, with bodies that need not be parsed again."""
        return self._attempt(data, number, self._read_documents)

    def read_summary(self, data: bytes, number: int) -> ExchangeSummary | None:
        """Read the summary of the exchange on a line. Returns None also for any other line. Raises CaptureError."""
        line = self._attempt(data, number, read_summary)
        return line if isinstance(line, ExchangeSummary) else None

    def finish(self, lines: int) -> None:
        """End the file, which had *lines* lines. Raises CaptureError if it is not a capture."""
        if not self.version:
            raise CaptureError(
                f"{self._name}: expected a capture, which begins with a header line; found "
                + ("only a part of one" if lines else "an empty file")
            )

    def error(self, number: int, text: str) -> CaptureError:
        return CaptureError(f"{self._name}, line {number}: {text}")

    def _attempt[T](self, data: bytes, number: int, parse: Parse[T]) -> T | None:
        try:
            return self._parse(data, number, parse)
        except CaptureError as error:
            if len(data) > LINE_LIMIT:
                raise
            if not data.endswith(b"\n") and (number > 1 or _begins_header(data)):
                self._warn(self._truncated(data, number))
            elif number == 1 or self._on_error is None:
                raise
            else:
                self._on_error(str(error))
            return None

    def _parse[T](self, data: bytes, number: int, parse: Parse[T]) -> T:
        if len(data) > LINE_LIMIT:
            raise line_too_long(self._path, number)
        try:
            line = parse(data, self.version)
        except Malformed as error:
            raise self.error(number, f"{error}{self._advice(error)}") from None
        except RecursionError:
            raise self.error(number, "expected a plain line, found one that is nested too deeply") from None
        if isinstance(line, Header):
            self.version = line.format
        return line

    def _truncated(self, data: bytes, number: int) -> str:
        return (
            f"{self._name}, line {number}: the last line is truncated after {len(data)} bytes (apispy was killed, or "
            "the disk was full); everything before it is complete"
        )

    def _advice(self, error: Malformed) -> str:
        return (
            ""
            if self.version or isinstance(error, NewerFormat)
            else ". Is this a file that `apispy --capture FILE` wrote? What else apispy reads: apispy help imports"
        )


def _begins_header(data: bytes) -> bool:
    """Whether *data* may be a part of a capture's first line."""
    return HEADER_START.startswith(data[: len(HEADER_START)])


def begins_as_capture(path: Path) -> bool:
    """Whether *path* is a file that begins like an uncompressed capture. False if it cannot be read."""
    try:
        if not path.is_file():  # what is read from a pipe is gone
            return False
        with path.open("rb") as file:
            return file.read(len(HEADER_START)) == HEADER_START
    except (OSError, ValueError):
        return False


def read(path: Path, warn: Report = log.warning) -> Iterator[Exchange]:
    """Yield the exchanges of the file at *path* ("-" is standard input) in file order, which is by completion time.

    *warn* is called if the last line is truncated. Raises CaptureError, with file and line, for any other line that
    cannot be read.
    """
    numbers: set[int] = set()
    for number, line in read_lines(path, warn):
        if isinstance(line, Header):
            numbers.clear()
        elif isinstance(line, Exchange):
            if line.id in numbers:
                raise LineReader(path).error(number, f"a second exchange has the number {line.id}")
            numbers.add(line.id)
            yield line


def read_lines(
    path: Path,
    warn: Report = log.warning,
    on_error: Report | None = None,
    progress: Progress = lambda _: None,
) -> Iterator[tuple[int, Line]]:
    """Yield all lines with their numbers; otherwise like ``read``.

    If *on_error* is given, it is called for each line that cannot be read. *progress* is called every
    PROGRESS_INTERVAL lines with the part of the file that has been read, from 0 to 1, if it is a regular file.
    """
    reader = LineReader(path, warn, on_error)
    return _read_all(path, reader, reader.read, progress)


def read_summaries(
    path: Path,
    warn: Report = log.warning,
    on_error: Report | None = None,
    progress: Progress = lambda _: None,
) -> Iterator[tuple[int, ExchangeSummary]]:
    """Yield the summaries of the exchanges with the numbers of their lines; otherwise like ``read_lines``."""
    reader = LineReader(path, warn, on_error)
    return _read_all(path, reader, reader.read_summary, progress)


def _read_all[T](
    path: Path, reader: LineReader, read_one: Callable[[bytes, int], T | None], progress: Progress
) -> Iterator[tuple[int, T]]:
    number = 0
    with open_capture(path) as file:
        size = os.fstat(file.fileno()).st_size if path != STDIN else 0  # a pipe has size 0, too
        for number, data in enumerate(split_lines(decompressed(file, path), path), 1):
            if size and number % PROGRESS_INTERVAL == 0:
                progress(file.tell() / size)
            line = read_one(data, number)
            if line is not None:
                yield number, line
        if size:
            progress(1.0)
    reader.finish(number)
