"""Keeps a capture: hands every finished call to the file, in a thread of its own, so that no disk holds up traffic."""

import threading
from collections import deque
from collections.abc import Callable

from apispy.capture import Daemon, Header, Notice, Writer
from apispy.model import Direction, Exchange, Item
from apispy.outputs.base import Output, Reading
from apispy.outputs.writer import LULL

LIMIT = 64 << 20
"""Bytes of bodies that may wait to be written; what comes beyond is lost, and counted."""

COST = 4096
"""Bytes that each line counts for on top of its bodies."""

PATIENCE = 10.0
"""Seconds that a slow disk gets at the end."""

Line = Header | Exchange | Notice | Daemon


class Capture(Output):
    """An output that writes with *writer*, from ``begin`` on.

    *tell* is told once, from any thread, if not everything can be written; ``whole`` says that all was.
    """

    def __init__(self, writer: Writer, tell: Callable[[str], None], *, limit: int = LIMIT) -> None:
        self.whole = True
        self._writer, self._tell, self._limit = writer, tell, limit
        self._latest = 0.0  # Unix seconds of the last event that was heard of
        self._lines: deque[tuple[Line, int]] = deque()
        self._waiting = 0
        self._unsaid = 0  # calls that were lost and are not told of in the file
        self._broken = self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="apispy-capture", daemon=True)

    def begin(self, header: Header) -> None:
        """Write *header*, and whatever was said before."""
        self._lines.appendleft((header, 0))
        self._thread.start()

    # -- an output --

    def opened(self, reading: Reading) -> None:
        self._hear(reading)

    def item(self, reading: Reading, direction: Direction, item: Item) -> None:
        self._hear(reading)

    def write(self, reading: Reading) -> None:
        self._hear(reading)
        kept = sum(body.kept for body in reading.exchange.streams.values())
        self.line(reading.exchange, kept)

    def notice(self, text: str, at: float) -> None:
        """It stands behind what was heard of before, whatever its time."""
        self.line(Notice(max(self._latest, round(at, 6)), text))

    def close(self) -> None:
        """Write what is left; ``whole`` is final then. If it never began, nothing is, and there is no file."""
        if self._thread.ident is None:
            self._writer.close()
            return
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            self._lose(
                "it takes too long to write", sum(isinstance(line, Exchange) for line, _ in self._lines)
            )

    # -- parts --

    def line(self, line: Line, size: int = 0) -> None:
        """Have a line written whose bodies are of *size* bytes. Never blocks, never raises."""
        with self._changed:
            if not self._broken and self._waiting + size + COST <= self._limit:
                asleep = not self._lines
                self._lines.append((line, size + COST))
                self._waiting += size + COST
                if asleep:
                    self._changed.notify()
                return
            fresh = not self._broken
        self._lose("it takes too long to write", isinstance(line, Exchange), unsaid=fresh)

    def _hear(self, reading: Reading) -> None:
        self._latest = max(self._latest, round(reading.exchange.started + reading.at, 6))

    def _lose(self, why: str, calls: int, *, unsaid: bool = False) -> None:
        self._unsaid += calls if unsaid else 0
        if self.whole:
            self.whole = False
            self._tell(f"--capture {self._writer.path}: {why}; calls are missing there. The traffic goes on.")

    def _run(self) -> None:
        line: Line | None = None
        try:
            while (line := self._next()) is not None:
                self._put(line)
            self._writer.close()
        except OSError as error:
            self._break(error, line)

    def _put(self, line: Line) -> None:
        try:
            self._write(line)
        except ValueError as error:  # this line alone
            self._lose(str(error), 1)

    def _write(self, line: Line) -> None:
        match line:
            case Header():
                self._writer.header(line)
            case Exchange():
                self._writer.exchange(line)
            case Notice():
                self._writer.notice(line)
            case Daemon():
                self._writer.daemon(line)

    def _next(self) -> Line | None:
        with self._changed:
            if not self._lines:
                self._changed.wait_for(lambda: self._lines or self._closing)
                self._changed.wait_for(lambda: self._closing, LULL)
            if not self._lines and self._unsaid:
                missing, self._unsaid = self._unsaid, 0
                return Notice(
                    self._latest, f"{missing} calls are missing in this capture: they came too fast"
                )
            if not self._lines:
                return None
            line, size = self._lines.popleft()
            self._waiting -= size
            return line

    def _break(self, error: OSError, line: Line | None) -> None:
        with self._changed:
            self._broken = True
            left = [line, *(line for line, _ in self._lines)]
            self._lines.clear()
        self._writer.abandon()
        self._lose(f"{error.strerror}", sum(isinstance(line, Exchange) for line in left))
