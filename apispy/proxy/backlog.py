"""What was read waits here while bytes go by, so that showing it holds up none of them.

Order is kept and nothing is lost. It is passed on when nothing was added for PAUSE seconds, or when the oldest has
waited for PATIENCE: then for SLICE at a time, between which bytes have their turn. When LIMIT things or ROOM bytes are
waiting, nothing more is read from the connection that brought the last of them until half of it was passed on, which
begins at once: so who sends more than can be read waits, the others go on, and memory stays bounded.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from apispy.capture import Notice
from apispy.sockets import Stream
from apispy.tap import Data, Event

PAUSE = 0.001
PATIENCE = 0.05
SLICE = 0.0003
LIMIT = 4000
ROOM = 1 << 20
MANY = 8
"""So many times as much may wait, whoever brings it: many connections bring their last piece at once."""


class Backlog:
    """Passes events on to *feed*, and notices to *notice*. To be used inside an event loop."""

    def __init__(self, feed: Callable[[Event], None], notice: Callable[[str, float], None]) -> None:
        self._feed, self._notice = feed, notice
        self._waiting: deque[tuple[Event | Notice, float]] = deque()
        self._size = 0  # bytes in it
        self._added = 0.0  # when the last one was
        self._loop = asyncio.get_running_loop()
        self._next: asyncio.Handle | None = None  # the loop will call
        self._held: set[Stream] = set()

    def add(self, event: Event | Notice) -> None:
        """Take an event, or something to say."""
        self._added = time.monotonic()
        self._waiting.append((event, self._added))
        self._size += _size(event)
        while self._over(MANY):
            self._pass_on()
        if self._next is None:
            self._next = self._loop.call_later(PAUSE, self._work)

    def throttle(self, stream: Stream) -> None:
        """*stream* has brought something: if too much waits, it brings no more for now."""
        if self._over(1) and stream not in self._held:
            self._held.add(stream)
            stream.hold()
            if self._next is not None:
                self._next.cancel()
            self._next = self._loop.call_soon(self._work)

    def drain(self) -> None:
        """Pass on all that waits."""
        while self._waiting:
            self._pass_on()

    def _work(self) -> None:
        self._next = None
        if not self._waiting:
            return
        now = time.monotonic()
        if not self._held and now - self._added < PAUSE and now - self._waiting[0][1] < PATIENCE:
            self._next = self._loop.call_later(PAUSE, self._work)
            return
        until = now + SLICE
        while self._waiting and now < until:
            self._pass_on()
            now = time.monotonic()
        self._next = self._loop.call_soon(self._work)

    def _over(self, times: float) -> bool:
        return len(self._waiting) > LIMIT * times or self._size > ROOM * times

    def _pass_on(self) -> None:
        event, _ = self._waiting.popleft()
        self._size -= _size(event)
        if self._held and not self._over(0.5):
            held, self._held = self._held, set()
            for stream in held:
                stream.release()
        if isinstance(event, Notice):
            self._notice(event.text, event.at)
        else:
            self._feed(event)


def _size(event: Event | Notice) -> int:
    return len(event.chunk.data) if isinstance(event, Data) else 0
