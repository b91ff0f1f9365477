"""Writes from a thread of its own, so that a slow terminal or pipe never holds up the traffic."""

import contextlib
import threading
from collections import deque
from collections.abc import Callable
from typing import TextIO

LIMIT = 64 << 20
"""Characters that may wait; what comes beyond is dropped, and counted."""

LULL = 0.003
"""Seconds in which more may come before something is written. To wake a thread for each line costs more than a line."""

PIECE = 64 << 10
"""Characters that are written at once, more or less."""


class ThreadWriter:
    """Hands text to *stream* in the background, in order, and flushes when it has caught up.

    ``broken`` is the error that ended it, if one did (the reader of a pipe has gone); *on_broken* is then
    called once, in the background thread.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        limit: int = LIMIT,
        on_broken: Callable[[OSError | ValueError], None] | None = None,
    ) -> None:
        self.broken: OSError | ValueError | None = None
        self._stream = stream
        self._limit = limit
        self._on_broken = on_broken
        self._texts: deque[str] = deque()
        self._waiting = 0  # characters in the queue
        self._dropped = 0  # lines
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="apispy-writer", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Never blocks, never raises."""
        with self._changed:
            if self.broken or self._closing:
                return
            if self._waiting + len(text) > self._limit:
                self._dropped += text.count("\n") or 1
                return
            asleep = not self._texts
            self._queue_apology()
            self._queue(text)
            if asleep:
                self._changed.notify()

    def close(self, timeout: float = 1.0) -> None:
        """Write what is left, for at most *timeout* seconds."""
        with self._changed:
            self._queue_apology()
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout)

    def _queue(self, text: str) -> None:
        self._texts.append(text)
        self._waiting += len(text)

    def _queue_apology(self) -> None:
        if self._dropped:
            self._queue(
                f"apispy: {self._dropped} lines were dropped here, because they were not read in time\n"
            )
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
        """What there is to write, soon after there is something; None when all is written and no more will come."""
        with self._changed:
            if not self._texts:
                self._changed.wait_for(lambda: self._texts or self._closing)
                self._changed.wait_for(lambda: self._closing, LULL)
            texts, size = [], 0
            while self._texts and size < PIECE:
                texts.append(self._texts.popleft())
                size += len(texts[-1])
            self._waiting -= size
            return "".join(texts) if texts else None

    def _break(self, error: OSError | ValueError) -> None:
        with self._changed:
            self.broken = error
            self._texts.clear()
            self._waiting = 0
        if self._on_broken is not None:
            with contextlib.suppress(Exception):
                self._on_broken(error)
