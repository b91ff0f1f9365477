"""Plays a capture: what happened in it in the order in which it happened, though exchanges are saved when they end.

A first look at each line finds when its exchange began; then every exchange is read when its time has come. So memory
holds what was open at one time, and a few numbers for each line.
"""

import heapq
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from apispy.capture.events import micros, tap_events
from apispy.capture.index import SessionIndex, look_through
from apispy.capture.lines import Header, Notice
from apispy.capture.raw_lines import LINE_LIMIT, CaptureError, lines_of, opened, seekable, unpacked
from apispy.capture.reader import LineReader, Say
from apispy.model import Exchange
from apispy.tap.events import Closed, Event

PlaybackItem = Header | Notice | Event

POLL = 0.2
"""Seconds between two looks at a file that is followed."""

LAST = 1 << 63
"""In the place of an exchange's number: after all that happened in the same microsecond."""


def play(
    path: Path, *, fault: Say, say: Say, progress: Callable[[float], None] = lambda _: None
) -> Iterator[PlaybackItem]:
    """What happened, in order; the header of a session before all of it.

    *fault* is told of every line that cannot be read, *say* of a last line that was cut, *progress* which part of the
    lines has been played, from 0 to 1. Raises CaptureError when the file as a whole cannot be read.
    """
    reader = LineReader(path, say, fault)
    with opened(path) as raw, seekable(raw, path, fault, lambda line: reader.attempt(line, 1)) as file:
        sessions = look_through(file, reader)
        total, done = sum(len(session.times) for session in sessions), 0
        for session in sessions:
            yield session.header
            reader.version = session.header.format
            for count, happening in _played(session, file, reader, fault):
                progress((done + count) / total)
                yield happening
            done += len(session.times)


def follow(path: Path, *, fault: Say, say: Say) -> Iterator[PlaybackItem]:
    """Every exchange when it is written, all of it at once; a pipe ends, a file never does. Otherwise as ``play``."""
    with opened(path) as file:
        reader = LineReader(path, say, fault)
        grows = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
        pieces = unpacked(_Growing(file, path) if grows else file, path)
        number = 0
        for number, data in enumerate(lines_of(pieces, path), 1):
            line = reader.attempt(data, number)
            if isinstance(line, Exchange):
                yield from (event for _, event in tap_events(line))
            elif isinstance(line, Header | Notice):
                yield line
        reader.ended(number)


def _played(
    session: SessionIndex, file: BinaryIO, reader: LineReader, fault: Say
) -> Iterator[tuple[int, PlaybackItem]]:
    """What happened in one session, each with the number of lines that have been read."""
    timeline = Timeline()
    count = 0
    for count, (began, place, number) in enumerate(session.in_time()):
        for happening in timeline.until(began):
            yield count, happening
        file.seek(place)
        line = reader.attempt(file.readline(LINE_LIMIT + 1), number)
        if isinstance(line, Exchange | Notice) and not timeline.add(line):
            fault(str(reader.problem(number, "an exchange with the same number is open at the same time")))
    for happening in timeline.until(None):
        yield count + 1, happening


class Timeline:
    """What is open at one time, its events sorted into each other."""

    def __init__(self) -> None:
        self._next: list[tuple[int, int, int, Notice | Event, Iterator[tuple[int, Event]]]] = []
        self._open: set[int] = set()
        self._notices = 0

    def add(self, line: Exchange | Notice) -> bool:
        """False if an exchange with that number is open."""
        if isinstance(line, Notice):
            self._notices += 1
            heapq.heappush(self._next, (micros(line.at), LAST, self._notices, line, iter(())))
        elif line.id in self._open:
            return False
        else:
            self._open.add(line.id)
            self._push(line.id, iter(tap_events(line)))
        return True

    def until(self, time: int | None) -> Iterator[Notice | Event]:
        """What happened before *time*, in microseconds since 1970; all there is, if it is None."""
        while self._next and (time is None or self._next[0][0] < time):
            _, number, _, what, rest = heapq.heappop(self._next)
            self._push(number, rest)
            if isinstance(what, Closed):
                self._open.discard(number)
            yield what

    def _push(self, number: int, rest: Iterator[tuple[int, Event]]) -> None:
        """Only the next event of each exchange is in the heap."""
        following = next(rest, None)
        if following is not None:
            heapq.heappush(self._next, (following[0], number, 0, following[1], rest))


class _Growing:
    """A file that is read for ever: at its end it waits for more."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path = file, path

    def read(self, size: int) -> bytes:
        while not (data := self._file.read(size)):
            if os.fstat(self._file.fileno()).st_size < self._file.tell():
                raise CaptureError(f"{self._path} has become shorter; it is not followed any further")
            time.sleep(POLL)
        return data
