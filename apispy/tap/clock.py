"""The clock of the events on all connections."""

import time
from collections.abc import Callable


class Clock:
    """Returns Unix seconds in whole microseconds, each time later than before: so times give the order of events.

    If the system's clock is set back, the time advances by a microsecond a call until the system has caught up.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._last = 0.0

    def __call__(self) -> float:
        self._last = max(round(self._now(), 6), round(self._last + 0.000001, 6))
        return self._last
