"""Writes text in a background thread, so that a slow terminal or pipe never delays the traffic."""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

MAX_QUEUED = 64 << 20
"""Characters that may be queued; lines beyond that are dropped and counted."""

BATCH_DELAY = 0.003
"""Seconds to wait for more text before writing. Waking the thread for every line costs more than writing one."""

DEFER_DELAY = 1.0
"""Seconds that a deferred text waits for another one in its place."""

WRITE_SIZE = 64 << 10
"""Approximate number of characters per write."""


class ThreadWriter:
    """Writes text to *stream* in the background, in order, and flushes when the queue is empty.

    ``broken`` is the error that stopped it, if any (such as a closed pipe); *on_broken* is then called once, in
    the background thread. *as_line* makes a line of the stream from the message that lines were dropped.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        limit: int = MAX_QUEUED,
        on_broken: Callable[[OSError | ValueError], None] | None = None,
        as_line: Callable[[str], str] = "apispy: {}\n".format,
    ) -> None:
        self.broken: OSError | ValueError | None = None
        self._stream = stream
        self._limit = limit
        self._on_broken = on_broken
        self._as_line = as_line
        self._texts: deque[str] = deque()
        self._waiting = 0  # characters in the queue
        self._dropped = 0  # lines
        self._deferred = ""  # a text that another may still replace
        self._deferred_until = 0.0  # of time.monotonic
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="apispy-writer", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Queue *text*. Never blocks, never raises."""
        with self._changed:
            if self.broken or self._closing:
                return
            if self._waiting + len(text) > self._limit:
                self._dropped += text.count("\n") or 1
                return
            asleep = not self._texts
            self._queue_deferred()
            self._queue_drop_report()
            self._queue(text)
            if asleep:
                self._changed.notify()

    def defer(self, text: str) -> None:
        """Write *text* before the next text, or after DEFER_DELAY, unless another deferred text replaces it first."""
        with self._changed:
            if not self.broken and not self._closing:
                self._deferred, self._deferred_until = text, time.monotonic() + DEFER_DELAY
                self._changed.notify()

    def close(self, timeout: float = 1.0) -> None:
        """Write what is queued, for at most *timeout* seconds."""
        with self._changed:
            self._queue_deferred()
            self._queue_drop_report()
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout)

    def _queue(self, text: str) -> None:
        self._texts.append(text)
        self._waiting += len(text)

    def _queue_deferred(self) -> None:
        if self._deferred:
            self._queue(self._deferred)
            self._deferred = ""

    def _queue_drop_report(self) -> None:
        if self._dropped:
            lines = "1 line was" if self._dropped == 1 else f"{self._dropped} lines were"
            self._queue(self._as_line(f"{lines} dropped here: the terminal or pipe is too slow"))
            self._dropped = 0

    def _run(self) -> None:
        try:
            while (text := self._next()) is not None:
                self._stream.write(text)
                if not self._texts:
                    self._stream.flush()
        except (OSError, ValueError) as error:  # ValueError: the stream was closed
            self._break(error)

    def _next(self) -> str | None:
        """Wait for text and return about WRITE_SIZE of it; None once the writer is closed and all is written."""
        with self._changed:
            if not self._texts:
                self._wait_for_text()
                self._changed.wait_for(lambda: self._closing, BATCH_DELAY)
            texts, size = [], 0
            while self._texts and size < WRITE_SIZE:
                texts.append(self._texts.popleft())
                size += len(texts[-1])
            self._waiting -= size
            return "".join(texts) if texts else None

    def _wait_for_text(self) -> None:
        while not self._texts and not self._closing:
            left = self._deferred_until - time.monotonic()
            if self._deferred and left <= 0:
                self._queue_deferred()
            else:
                self._changed.wait(left if self._deferred else None)

    def _break(self, error: OSError | ValueError) -> None:
        with self._changed:
            self.broken = error
            self._texts.clear()
            self._waiting = 0
        if self._on_broken is not None:
            with contextlib.suppress(Exception):
                self._on_broken(error)
