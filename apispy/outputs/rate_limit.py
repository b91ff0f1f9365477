"""How much of a stream is shown while it flows.

To make text of 10 MB of output takes seconds, and would hold up the traffic that it shows. A person cannot read more
than this either; the whole is in the bodies (-vv), up to --body-limit.
"""

BURST = 128 << 10
"""Bytes that are shown at once, per call."""

RATE = 128 << 10
"""Bytes a second that are shown in the long run, per call."""

COST = 64
"""Bytes that each piece counts for on top of its own."""


class RateLimiter:
    """A bucket that fills with time. ``skipped`` counts the bytes of the pieces that did not fit.

    Time is that of the bytes, when they went by: so a capture is shown as it was live, however fast it is read.
    """

    def __init__(self) -> None:
        self._left = float(BURST)
        self._filled = 0.0
        self.skipped = 0
        self.short = False  # something was skipped at some time

    def take(self, size: int, at: float) -> bool:
        """Whether a piece of *size* bytes may be shown, that came *at* seconds after its exchange began."""
        self._left = min(BURST, self._left + max(0.0, at - self._filled) * RATE)
        self._filled = max(self._filled, at)
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
