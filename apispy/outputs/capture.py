"""Writes the capture: a background thread takes each finished call, so that a slow disk never delays traffic."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum

from apispy.capture import CaptureFiles, Daemon, Header, Notice
from apispy.model import Direction, Exchange, Item
from apispy.outputs.base import DecodedCall, Output
from apispy.outputs.writer import BATCH_DELAY

MAX_QUEUED_BYTES = 64 << 20
"""Body bytes that may be queued for writing; lines beyond that are dropped and counted."""

LINE_OVERHEAD = 4096
"""Bytes that each queued line counts for in addition to its bodies."""

CLOSE_TIMEOUT = 10.0
"""Seconds that ``close`` waits for a slow disk."""

TOO_SLOW = "it takes too long to write"

Line = Header | Exchange | Notice | Daemon


class Task(Enum):
    """Work of the thread that is not a line."""

    REOPEN = "reopen"
    ROTATE_IF_DUE = "rotate if due"
    REPORT_LOSS = "report loss"


class CaptureOutput(Output):
    """An output that writes to *files* once ``begin`` has been called.

    *report* is called once, from any thread, if something cannot be written; ``complete`` is then False. It is called
    again if a later file can be written, and for what ``reopen`` did.
    """

    def __init__(
        self, files: CaptureFiles, report: Callable[[str], None], *, limit: int = MAX_QUEUED_BYTES
    ) -> None:
        self.complete = True
        self._files, self._report, self._limit = files, report, limit
        self._reported = False  # that something is missing
        self._latest = 0.0  # Unix seconds of the latest event
        self._lines: deque[tuple[Line | Task, int]] = deque()
        self._queued = 0  # bytes
        self._unreported = 0  # lost calls that no file mentions yet
        self._why = ""  # these are lost
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

    def reopen(self) -> None:
        """Begin a new file when the lines so far are written: the old one was moved away. Never blocks."""
        with self._changed:
            self._lines.append((Task.REOPEN, 0))
            self._changed.notify()

    def close(self) -> None:
        """Write what is queued; ``complete`` is final afterwards. Without a ``begin`` no file is written."""
        if self._thread.ident is None:
            self._files.close()
            return
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(CLOSE_TIMEOUT)
        if self._thread.is_alive():
            self._lose(TOO_SLOW, _calls(task for task, _ in self._lines))

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
            why = self._broken or TOO_SLOW  # the thread may not have reported yet what it met
        self._lose(why, _calls([line]))

    def _note_time(self, decoded: DecodedCall) -> None:
        self._latest = max(self._latest, round(decoded.exchange.started + decoded.at, 6))

    def _lose(self, why: str, calls: int) -> None:
        self.complete = False
        with self._changed:
            self._unreported, self._why = self._unreported + calls, why
        if not self._reported:
            self._reported = True
            self._report(
                f"{self._files.path}: {why}; some calls are missing from the file. Traffic is not affected."
            )

    def _run(self) -> None:
        while (task := self._next()) is not None:
            try:
                self._do(task)
            except ValueError as error:  # only this line cannot be written
                self._lose(str(error), _calls([task]))
            except OSError as error:
                self._break(error, task)
            if self._broken and self._files.is_open:
                self._resume()
        try:
            self._files.close()
        except OSError as error:
            self._break(error, None)

    def _do(self, task: Line | Task) -> None:
        match task:
            case Task.REOPEN:
                self._files.reopen()
            case Task.ROTATE_IF_DUE:
                self._files.rotate_if_due()
            case Task.REPORT_LOSS:
                lost, why = self._unreported, self._why
                self._files.write(Notice(self._latest, f"{_missing(lost)} missing from this capture: {why}"))
                with self._changed:
                    self._unreported -= lost
            case _:
                self._files.write(task)

    def _next(self) -> Line | Task | None:
        """Wait for the next line or other work. Return None once the output is closed and all is written."""
        with self._changed:
            if not self._lines:
                self._changed.wait_for(lambda: self._lines or self._closing, self._files.due_in)
                self._changed.wait_for(lambda: self._closing, BATCH_DELAY)
            if not self._lines and self._unreported and not self._broken:
                return Task.REPORT_LOSS
            if not self._lines:
                return None if self._closing else Task.ROTATE_IF_DUE
            task, size = self._lines.popleft()
            self._queued -= size
            return task

    def _break(self, error: OSError, task: Line | Task | None) -> None:
        with self._changed:
            self._broken = error.strerror or str(error)
            left = [task, *(task for task, _ in self._lines)]
            self._lines = deque(entry for entry in self._lines if isinstance(entry[0], Task))
            self._queued = 0
        self._files.abandon()
        self._lose(self._broken, _calls(left))

    def _resume(self) -> None:
        self._broken, self._reported = "", False
        self._report(f"{self._files.path}: calls are written again; {_missing(self._unreported)} missing.")


def _calls(tasks: Iterable[Line | Task | None]) -> int:
    return sum(isinstance(task, Exchange) for task in tasks)


def _missing(calls: int) -> str:
    return "1 call is" if calls == 1 else f"{calls} calls are"
