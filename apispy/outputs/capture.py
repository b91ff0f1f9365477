"""Writes the capture file: a background thread takes each finished call, so that a slow disk never delays traffic."""

import threading
from collections import deque
from collections.abc import Callable

from apispy.capture import Daemon, Header, Notice, Writer
from apispy.model import Direction, Exchange, Item
from apispy.outputs.base import DecodedCall, Output
from apispy.outputs.writer import BATCH_DELAY

MAX_QUEUED_BYTES = 64 << 20
"""Body bytes that may be queued for writing; lines beyond that are dropped and counted."""

LINE_OVERHEAD = 4096
"""Bytes that each queued line counts for in addition to its bodies."""

CLOSE_TIMEOUT = 10.0
"""Seconds that ``close`` waits for a slow disk."""

Line = Header | Exchange | Notice | Daemon


class CaptureOutput(Output):
    """An output that writes to *writer* once ``begin`` has been called.

    *report* is called once, from any thread, if something cannot be written; ``complete`` is then False.
    """

    def __init__(
        self, writer: Writer, report: Callable[[str], None], *, limit: int = MAX_QUEUED_BYTES
    ) -> None:
        self.complete = True
        self._writer, self._report, self._limit = writer, report, limit
        self._latest = 0.0  # Unix seconds of the latest event
        self._lines: deque[tuple[Line, int]] = deque()
        self._queued = 0  # bytes
        self._unreported = 0  # lost calls that the file does not mention yet
        self._closing = False
        self._broken = ""  # why nothing is written any more
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="apispy-capture", daemon=True)

    def begin(self, header: Header) -> None:
        """Write *header*, then everything queued before."""
        self._lines.appendleft((header, 0))
        self._thread.start()

    # -- output events --

    def opened(self, decoded: DecodedCall) -> None:
        self._note_time(decoded)

    def item(self, decoded: DecodedCall, direction: Direction, item: Item) -> None:
        self._note_time(decoded)

    def write(self, decoded: DecodedCall) -> None:
        self._note_time(decoded)
        kept = 0
        for body in decoded.exchange.streams.values():
            kept += body.kept
            if body.chunks and body.chunks[0].data[:1] in (b"{", b"["):
                body.document.settle()
        self.line(decoded.exchange, kept)

    def notice(self, text: str, at: float) -> None:
        """Write a notice. It is never dated before an event that came earlier, whatever *at* says."""
        self.line(Notice(max(self._latest, round(at, 6)), text))

    def close(self) -> None:
        """Write what is queued; ``complete`` is final afterwards. Without a ``begin`` no file is written."""
        if self._thread.ident is None:
            self._writer.close()
            return
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(CLOSE_TIMEOUT)
        if self._thread.is_alive():
            self._lose(
                "it takes too long to write", sum(isinstance(line, Exchange) for line, _ in self._lines)
            )

    # -- parts --

    def line(self, line: Line, size: int = 0) -> None:
        """Queue a line whose bodies have *size* bytes. Never blocks, never raises."""
        with self._changed:
            if not self._broken and self._queued + size + LINE_OVERHEAD <= self._limit:
                asleep = not self._lines
                self._lines.append((line, size + LINE_OVERHEAD))
                self._queued += size + LINE_OVERHEAD
                if asleep:
                    self._changed.notify()
                return
            broken = self._broken
        why = broken or "it takes too long to write"  # the thread may not have reported yet what it met
        self._lose(why, isinstance(line, Exchange), report_in_file=not broken)

    def _note_time(self, decoded: DecodedCall) -> None:
        self._latest = max(self._latest, round(decoded.exchange.started + decoded.at, 6))

    def _lose(self, why: str, calls: int, *, report_in_file: bool = False) -> None:
        self._unreported += calls if report_in_file else 0
        if self.complete:
            self.complete = False
            self._report(
                f"{self._writer.path}: {why}; some calls are missing from the file. Traffic is not affected."
            )

    def _run(self) -> None:
        line: Line | None = None
        try:
            while (line := self._next()) is not None:
                self._write_or_skip(line)
            self._writer.close()
        except OSError as error:
            self._break(error, line)

    def _write_or_skip(self, line: Line) -> None:
        try:
            self._write(line)
        except ValueError as error:  # only this line cannot be written
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
                self._changed.wait_for(lambda: self._closing, BATCH_DELAY)
            if not self._lines and self._unreported:
                missing, self._unreported = self._unreported, 0
                return Notice(
                    self._latest, f"{_missing(missing)} missing from this capture: too fast to write"
                )
            if not self._lines:
                return None
            line, size = self._lines.popleft()
            self._queued -= size
            return line

    def _break(self, error: OSError, line: Line | None) -> None:
        with self._changed:
            self._broken = str(error.strerror)
            left = [line, *(line for line, _ in self._lines)]
            self._lines.clear()
        self._writer.abandon()
        self._lose(self._broken, sum(isinstance(line, Exchange) for line in left))


def _missing(calls: int) -> str:
    return "1 call is" if calls == 1 else f"{calls} calls are"
