"""A histogram of durations with exponential buckets and bounded memory."""

import math
from collections import Counter
from collections.abc import Iterator

MAX_RELATIVE_ERROR = 0.02
"""Maximum relative error of a percentile: 2 %."""

MIN_SECONDS, MAX_SECONDS = 1e-6, 1e7
"""Seconds. Durations are clamped to this range, which limits the histogram to 750 buckets."""

_GROWTH = math.log((1 + MAX_RELATIVE_ERROR) / (1 - MAX_RELATIVE_ERROR))
_MIDDLE = 1 - MAX_RELATIVE_ERROR  # of a bucket, as a fraction of its upper bound


class LatencyHistogram:
    """Counts durations in seconds."""

    def __init__(self) -> None:
        self.count = 0
        self.shortest = MAX_SECONDS
        self.longest = 0.0
        self._buckets: Counter[int] = Counter()

    def add(self, seconds: float) -> None:
        seconds = min(max(MIN_SECONDS, seconds), MAX_SECONDS)
        self.count += 1
        self.shortest = min(self.shortest, seconds)
        self.longest = max(self.longest, seconds)
        self._buckets[math.ceil(math.log(seconds) / _GROWTH)] += 1

    def merge(self, other: "LatencyHistogram") -> None:
        self.count += other.count
        self.shortest = min(self.shortest, other.shortest)
        self.longest = max(self.longest, other.longest)
        self._buckets.update(other._buckets)

    def percentile(self, percent: float) -> float:
        """Return the shortest duration that *percent* of all do not exceed, within MAX_RELATIVE_ERROR; 0 if empty."""
        wanted = math.ceil(self.count * percent / 100)
        for seconds, count in self.buckets():
            wanted -= count
            if wanted <= 0:
                return min(max(seconds, self.shortest), self.longest)
        return 0.0

    def buckets(self) -> Iterator[tuple[float, int]]:
        """Yield (seconds, count), the shortest first."""
        for index in sorted(self._buckets):
            yield math.exp(index * _GROWTH) * _MIDDLE, self._buckets[index]
