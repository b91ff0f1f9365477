"""Where the lines of a capture are, and when what they tell of began. It does not read them all through."""

from array import array
from dataclasses import dataclass, field
from typing import BinaryIO

from apispy.capture.events import micros
from apispy.capture.lines import Header, Line, Notice, starts_at
from apispy.capture.raw_lines import LINE_LIMIT
from apispy.capture.reader import LineReader
from apispy.model import Exchange


@dataclass(slots=True)
class SessionIndex:
    """The lines after one header, in the order of the file."""

    header: Header
    times: "array[int]" = field(default_factory=lambda: array("q"))  # microseconds since 1970
    places: "array[int]" = field(default_factory=lambda: array("q"))  # in the file, bytes
    numbers: "array[int]" = field(default_factory=lambda: array("l"))  # from 1

    def add(self, began: float, place: int, number: int) -> None:
        self.times.append(micros(began))
        self.places.append(place)
        self.numbers.append(number)

    def in_time(self) -> list[tuple[int, int, int]]:
        """(time, place, number) of each line, by time; those of one time in the order of the file."""
        by_time = sorted(range(len(self.times)), key=self.times.__getitem__)
        return [(self.times[index], self.places[index], self.numbers[index]) for index in by_time]


def look_through(file: BinaryIO, reader: LineReader) -> list[SessionIndex]:
    """The sessions in *file*, which are mostly one. Raises CaptureError if it does not begin as a capture."""
    sessions: list[SessionIndex] = []
    number = place = 0
    while data := file.readline(LINE_LIMIT + 1):
        number += 1
        began = starts_at(data) if sessions and data.endswith(b"\n") else None
        if began is None:
            line = reader.attempt(data, number)
            if isinstance(line, Header):
                sessions.append(SessionIndex(line))
            began = _began(line)
        if began is not None:
            sessions[-1].add(began, place, number)
        place += len(data)
    reader.ended(number)
    return sessions


def _began(line: Line | None) -> float | None:
    if isinstance(line, Exchange):
        return line.started
    return line.at if isinstance(line, Notice) else None
