"""Playback of a capture: its events in the order in which they happened, although exchanges are saved when they end.

A first pass over the file finds when each exchange began; a second one reads each exchange when its time has come. So
memory holds only the exchanges that were open at one time, and a few numbers for each line.
"""

import heapq
import math
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from apispy.capture.events import last_moment, micros, tap_events
from apispy.capture.index import SessionIndex, index_sessions
from apispy.capture.lines import Header, Notice
from apispy.capture.raw_lines import (
    LINE_LIMIT,
    STDIN,
    CaptureError,
    decompressed,
    open_capture,
    seekable_file,
    split_lines,
)
from apispy.capture.reader import LineReader, Report
from apispy.model import Exchange
from apispy.tap.events import Closed, Event

PlaybackItem = Header | Notice | Event | Exchange
"""An Exchange stands for all of its events, if nothing else happened from the first to the last of them."""

POLL_INTERVAL = 0.2
"""Seconds between two reads at the end of a file that is followed."""

HTTP2 = "2"
"""The version of requests whose exchanges overlap on one connection."""

NOTICE_RANK = 1 << 63
"""Sorts a notice after all events of the same microsecond. Events have the number of their exchange in this place."""


def play(
    path: Path, *, on_error: Report, warn: Report, progress: Callable[[float], None] = lambda _: None
) -> Iterator[PlaybackItem]:
    """Yield the events and notices of a capture in order; the header of a session comes before all of them.

    An exchange during which nothing else happened is yielded instead of its events.

    *on_error* is called for every line that cannot be read, *warn* for a truncated last line, *progress* with the part
    of the lines that has been played, from 0 to 1. Raises CaptureError if the file as a whole cannot be read.
    """
    reader = LineReader(path, warn, on_error)
    with (
        open_capture(path) as raw,
        seekable_file(raw, path, on_error, lambda line: reader.read(line, 1)) as file,
    ):
        sessions = index_sessions(file, reader)
        total, done = sum(len(session.times) for session in sessions), 0
        for session in sessions:
            yield session.header
            reader.version = session.header.format
            for count, item in _play_session(session, file, reader, on_error):
                progress((done + count) / total)
                yield item
            done += len(session.times)


def follow(
    path: Path, *, on_error: Report, warn: Report, is_over: Callable[[], bool] = lambda: False
) -> Iterator[PlaybackItem]:
    """Yield each exchange as soon as it is written, instead of its events; otherwise like ``play``.

    A pipe has an end; a regular file is followed until *is_over*, which is asked five times a second and then raises
    KeyboardInterrupt. When another file takes its place, as with --rotate, that file is followed from its beginning.
    """
    grows = True
    while grows:
        with open_capture(path) as file:
            reader = LineReader(path, warn, on_error)
            grows = stat.S_ISREG(os.fstat(file.fileno()).st_mode) and path != STDIN
            pieces = decompressed(_GrowingFile(file, path, is_over) if grows else file, path)
            number = 0
            for number, data in enumerate(split_lines(pieces, path), 1):
                line = reader.read_documents(data, number)
                if isinstance(line, Exchange | Header | Notice):
                    yield line
            reader.finish(number)


def _play_session(
    session: SessionIndex, file: BinaryIO, reader: LineReader, on_error: Report
) -> Iterator[tuple[int, PlaybackItem]]:
    """Yield the events and notices of one session, each with the number of lines read so far."""
    timeline = Timeline()
    count = 0
    lines = session.by_time()
    for count, (started, offset, number) in enumerate(lines):
        for item in timeline.until(started):
            yield count, item
        file.seek(offset)
        line = reader.read_documents(file.readline(LINE_LIMIT + 1), number)
        following = lines[count + 1][0] if count + 1 < len(lines) else None
        if isinstance(line, Exchange) and timeline.is_alone(line, following):
            yield count + 1, line
        elif isinstance(line, Exchange | Notice) and not timeline.add(line):
            on_error(str(reader.error(number, "an exchange with the same number is open at the same time")))
    for item in timeline.until(None):
        yield count + 1, item


class Timeline:
    """Merges the events of exchanges that were open at the same time, and notices, in order of time."""

    def __init__(self) -> None:
        # (microseconds since 1970, exchange number or NOTICE_RANK, tie-break, item, later events of the exchange)
        self._next: list[tuple[int, int, int, Notice | Event, Iterator[tuple[int, Event]]]] = []
        self._open: set[int] = set()
        self._last: dict[int, tuple[int, int]] = {}  # by connection: an open HTTP/1 exchange and its end
        self._notices = 0

    def add(self, line: Exchange | Notice) -> bool:
        """Add an exchange or a notice. Returns False if an exchange with the same number is open."""
        if isinstance(line, Notice):
            self._notices += 1
            heapq.heappush(self._next, (micros(line.at), NOTICE_RANK, self._notices, line, iter(())))
        elif line.id in self._open:
            return False
        else:
            self._open.add(line.id)
            self._push(line.id, iter(self._events(line)))
        return True

    def _events(self, exchange: Exchange) -> list[tuple[int, Event]]:
        """Return the events with their times; those of a pipelined request wait for the end of the exchange before.

        The tap keeps the time at which a pipelined request arrived, but reads it only when the exchange before it is
        over.
        """
        events = tap_events(exchange)
        if exchange.request.version == HTTP2:  # its exchanges overlap
            return events
        _, end = self._last.get(exchange.connection, (0, 0))
        if _responded(exchange) >= end:
            events = [(max(at, end), event) for at, event in events]
            self._last[exchange.connection] = exchange.id, events[-1][0]
        return events

    def is_alone(self, exchange: Exchange, following: int | None) -> bool:
        """Whether no event is left, and *exchange* ends before *following*, the time of the next one; None for none."""
        return not self._next and (following is None or last_moment(exchange) < following)

    def until(self, time: int | None) -> Iterator[Notice | Event]:
        """Yield everything before *time*, in microseconds since 1970; everything that is left if it is None."""
        while self._next and (time is None or self._next[0][0] < time):
            _, number, _, item, rest = heapq.heappop(self._next)
            self._push(number, rest)
            if isinstance(item, Closed):
                self._open.discard(number)
                connection = item.exchange.connection
                if self._last.get(connection, (0, 0))[0] == number:
                    del self._last[connection]
            yield item

    def _push(self, number: int, rest: Iterator[tuple[int, Event]]) -> None:
        """Push the next event of an exchange. The heap holds only one event of each exchange."""
        following = next(rest, None)
        if following is not None:
            heapq.heappush(self._next, (following[0], number, 0, following[1], rest))


def _responded(exchange: Exchange) -> float:
    """Return when the response began, in microseconds since 1970; without a response, never."""
    response = exchange.response
    return math.inf if response is None else micros(exchange.started) + micros(response.at)


class _GrowingFile:
    """A file that ends when another file has taken its place: until then, reading at the end waits for more data."""

    def __init__(self, file: BinaryIO, path: Path, is_over: Callable[[], bool]) -> None:
        self._file, self._path, self._is_over = file, path, is_over
        self._is_replaced = False

    def read(self, size: int) -> bytes:
        while not (data := self._file.read(size)):
            if self._is_replaced:
                return b""
            self._is_replaced = self._sees_another()  # then what was written last is still to be read
            if self._is_replaced:
                continue
            if os.fstat(self._file.fileno()).st_size < self._file.tell():
                raise CaptureError(f"{self._path} was truncated; apispy does not follow it any further")
            if self._is_over():
                raise KeyboardInterrupt
            time.sleep(POLL_INTERVAL)
        return data

    def _sees_another(self) -> bool:
        """Whether the path leads to another capture than the open file."""
        if isinstance(self._file.name, int):
            return False  # a fixture, converted in a file without a name
        try:
            found = os.stat(self._path)
        except OSError:  # moved away, and nothing is in its place yet
            return False
        return bool(found.st_size) and not os.path.samestat(found, os.fstat(self._file.fileno()))
