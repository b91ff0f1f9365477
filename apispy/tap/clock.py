"""The time of what goes by."""

import time
from collections.abc import Callable


class Clock:
    """Unix seconds in whole microseconds, later each time that it is asked: so times tell what came first.

    Not even when the system's clock is set back does it go back; it waits there.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._last = 0.0

    def __call__(self) -> float:
        self._last = max(round(self._now(), 6), round(self._last + 0.000001, 6))
        return self._last
