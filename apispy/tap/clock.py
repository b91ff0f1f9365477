"""The clock of the events on all connections."""

import time
from collections.abc import Callable


class Clock:
    """Returns Unix seconds in whole microseconds, each time later than before: so times give the order of events.

    If the system's clock is set back, the time advances by a microsecond a call until the system has caught up.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._last = 0  # microseconds

    def __call__(self) -> float:
        micros = round(self._now() * 1e6)
        self._last = micros if micros > self._last else self._last + 1
        return self._last / 1e6
