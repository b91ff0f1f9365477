"""How much of a stream is shown while it flows.

To make text of 10 MB of output takes seconds, and would hold up the traffic that it shows. A person cannot read more
than this either; the whole is in the bodies (-vv), up to --body-limit.
"""

import time
from collections.abc import Callable

BURST = 128 << 10
"""Bytes that are shown at once, per call."""

RATE = 128 << 10
"""Bytes a second that are shown in the long run, per call."""

COST = 64
"""Bytes that each piece counts for on top of its own."""


class Allowance:
    """A bucket that fills with time. ``skipped`` counts the bytes of the pieces that did not fit."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = float(BURST)
        self._filled = clock()
        self.skipped = 0
        self.short = False  # something was skipped at some time

    def take(self, size: int) -> bool:
        """Whether a piece of *size* bytes may be shown now."""
        now = self._clock()
        self._left = min(BURST, self._left + (now - self._filled) * RATE)
        self._filled = now
        if self._left <= 0:
            self.skipped += size
            self.short = True
            return False
        self._left -= size + COST
        return True

    def settle(self) -> int:
        """The bytes that were skipped since the last time this was asked."""
        skipped, self.skipped = self.skipped, 0
        return skipped
