"""Index of a capture: the position of each line in the file, and the start time of its call or notice.

The index is built without parsing most lines.
"""

from array import array
from typing import BinaryIO

from apispy.capture.events import micros
from apispy.capture.lines import Header, Line, Notice, peek_start_time
from apispy.capture.raw_lines import LINE_LIMIT
from apispy.capture.reader import LineReader
from apispy.model import Exchange
from apispy.structs import Struct, field


class SessionIndex(Struct):
    """The lines that follow one header, in file order."""

    header: Header
    times: "array[int]" = field(default_factory=lambda: array("q"))  # microseconds since 1970
    offsets: "array[int]" = field(default_factory=lambda: array("q"))  # in the file, bytes
    numbers: "array[int]" = field(default_factory=lambda: array("l"))  # from 1

    def add(self, started: float, offset: int, number: int) -> None:
        self.times.append(micros(started))
        self.offsets.append(offset)
        self.numbers.append(number)

    def by_time(self) -> list[tuple[int, int, int]]:
        """Return (time, offset, number) of each line, sorted by time; lines of the same time are in file order."""
        order = sorted(range(len(self.times)), key=self.times.__getitem__)
        return [(self.times[index], self.offsets[index], self.numbers[index]) for index in order]


def index_sessions(file: BinaryIO, reader: LineReader) -> list[SessionIndex]:
    """Index the sessions in *file*, usually one. Raises CaptureError if it does not begin like a capture."""
    sessions: list[SessionIndex] = []
    number = offset = 0
    while data := file.readline(LINE_LIMIT + 1):
        number += 1
        started = peek_start_time(data) if sessions and data.endswith(b"\n") else None
        if started is None:
            line = reader.read(data, number)
            if isinstance(line, Header):
                sessions.append(SessionIndex(line))
            started = _start_time(line)
        if started is not None:
            sessions[-1].add(started, offset, number)
        offset += len(data)
    reader.finish(number)
    return sessions


def _start_time(line: Line | None) -> float | None:
    if isinstance(line, Exchange):
        return line.started
    return line.at if isinstance(line, Notice) else None
