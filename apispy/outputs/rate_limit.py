"""Limits how much of a stream is shown live.

Formatting 10 MB of output takes seconds and would delay the traffic. Nobody can read faster than this limit either;
the complete stream is in the bodies (-vv), up to --body-limit.
"""

MAX_BURST = 128 << 10
"""Bytes shown at once, per call."""

BYTES_PER_SECOND = 128 << 10
"""Bytes shown per second in the long run, per call."""

PIECE_OVERHEAD = 64
"""Bytes that each piece counts for in addition to its own size."""


class RateLimiter:
    """A token bucket. ``skipped`` counts the bytes of the pieces that did not fit.

    Time is when the bytes were transferred, so a capture is shown as it was live, however fast it is read.
    """

    def __init__(self) -> None:
        self._left = float(MAX_BURST)
        self._filled_at = 0.0
        self.skipped = 0
        self.truncated = False  # whether anything was ever skipped

    def allow(self, size: int, at: float) -> bool:
        """Whether to show a piece of *size* bytes that arrived *at* seconds after its exchange began."""
        self._left = min(MAX_BURST, self._left + max(0.0, at - self._filled_at) * BYTES_PER_SECOND)
        self._filled_at = max(self._filled_at, at)
        if self._left <= 0:
            self.skipped += size
            self.truncated = True
            return False
        self._left -= size + PIECE_OVERHEAD
        return True

    def take_skipped(self) -> int:
        """Return the bytes skipped since the last call of this method, and reset the count."""
        skipped, self.skipped = self.skipped, 0
        return skipped
