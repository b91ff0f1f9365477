"""A queue for the tap's events while bytes are forwarded, so that showing them delays no bytes.

The queue keeps the order and loses nothing. It is processed when no event was added for FLUSH_AFTER seconds, or when
the oldest has waited for MAX_WAIT seconds, from then on until it is empty: for TIME_SLICE seconds at a time, or until
bytes arrive, which are forwarded before it goes on. When more than MAX_EVENTS events or MAX_BYTES bytes are queued, the
connection that added the last of them is paused, and the queue is processed at once; the connection resumes when the
queue is half empty. So only a connection that sends faster than apispy can process is slowed down, and memory is
bounded.
"""

import asyncio
import functools
import select
import selectors
import sys
import time
from collections import deque
from collections.abc import Callable, Sized

from apispy.capture import Notice
from apispy.pipeline import Runs
from apispy.sockets import Stream
from apispy.tap import Data, Event

FLUSH_AFTER = 0.001
MAX_WAIT = 0.05
TIME_SLICE = 0.0003
MAX_EVENTS = 4000
MAX_BYTES = 1 << 20
HARD_LIMIT = 8
"""Times MAX_EVENTS or MAX_BYTES. Many connections may add their last piece at once; above this, ``add`` processes the
oldest events itself."""


class Backlog:
    """Passes events to *feed*, and notices to *notice*. Use it inside an event loop only.

    Runs of events, as the pipeline returns them, are one event here.
    """

    def __init__(self, feed: Callable[[Event | Runs], None], notice: Callable[[str, float], None]) -> None:
        self._feed, self._notice = feed, notice
        self._queue: deque[tuple[Event | Runs | Notice, float]] = deque()
        self.waiting: Sized = self._queue
        """Is true if events wait."""
        self._size = 0  # bytes in it
        self._added = 0.0  # when the last event was added
        self._loop = asyncio.get_running_loop()
        self._next: asyncio.Handle | None = None  # the scheduled call of _work
        self._paused: set[Stream] = set()
        self._left = 0  # events that were in the queue after the last call of _work
        self._late = False  # an event has waited for MAX_WAIT, and the queue was not empty since
        self._bytes_have_arrived = _arrivals(self._loop)

    def add(self, event: Event | Runs | Notice) -> None:
        """Queue an event, runs of events, or a notice."""
        self._added = time.monotonic()
        self._queue.append((event, self._added))
        self._size += _size(event)
        while self._over(HARD_LIMIT):
            self._pass_on()
        if self._next is None:
            self._next = self._loop.call_later(FLUSH_AFTER, self._work)

    def throttle(self, stream: Stream) -> None:
        """Pause *stream*, from which data has just come, if too much is queued."""
        if self._over(1) and stream not in self._paused:
            self._paused.add(stream)
            stream.pause_reading()
            if self._next is not None:
                self._next.cancel()
            self._next = self._loop.call_soon(self._work)

    def drain(self) -> None:
        """Pass on everything in the queue."""
        while self._queue:
            self._pass_on()

    def _work(self) -> None:
        self._next = None
        if not self._queue:
            self._late = False
            return
        now = time.monotonic()
        quiet = now - self._added >= FLUSH_AFTER
        self._late = self._late or now - self._queue[0][1] >= MAX_WAIT
        if not (self._paused or quiet or self._late):
            self._left = len(self._queue)
            self._next = self._loop.call_later(FLUSH_AFTER, self._work)
            return
        self._process(now + TIME_SLICE, 0 if quiet else len(self._queue) - self._left)
        self._left = len(self._queue)
        self._next = self._loop.call_later(0, self._work)  # call_soon would let it precede what arrives

    def _process(self, until: float, due: int) -> None:
        """Pass events on until that time, or until bytes have arrived and more than twice *due* events are passed on.

        While the traffic does not pause, *due* is the number of events that were added since the last time: else bytes
        that arrive all the time would let the queue grow. Twice as many let it become empty soon. Then calls that
        repeat others need not wait, which takes much less time.
        """
        done = 0
        while self._queue and time.monotonic() < until:
            self._pass_on()
            done += 1
            if done > 2 * due and not self._paused and self._bytes_have_arrived():
                return

    def _over(self, times: float) -> bool:
        return len(self._queue) > MAX_EVENTS * times or self._size > MAX_BYTES * times

    def _pass_on(self) -> None:
        event, _ = self._queue.popleft()
        self._size -= _size(event)
        if self._paused and not self._over(0.5):
            paused, self._paused = self._paused, set()
            for stream in paused:
                stream.resume_reading()
        if isinstance(event, Notice):
            self._notice(event.text, event.at)
        else:
            self._feed(event)


def _arrivals(loop: asyncio.AbstractEventLoop) -> Callable[[], object]:
    """Return a function that says whether a socket of *loop* is ready: true if so. It takes a microsecond.

    It asks for the state of the loop's epoll, which is private to asyncio; elsewhere the answer is always false.
    """
    selector = getattr(loop, "_selector", None)
    if sys.platform != "linux" or not isinstance(selector, selectors.EpollSelector):
        return lambda: False
    sockets = select.poll()
    sockets.register(selector.fileno(), select.POLLIN)
    return functools.partial(sockets.poll, 0)


def _size(event: Event | Runs | Notice) -> int:
    if isinstance(event, list):
        return sum(_size(one) for run in event for one in run)
    return len(event.chunk.data) if isinstance(event, Data) else 0
