"""Counts durations in constant memory, in buckets that grow by a factor."""

import math
from collections import Counter
from collections.abc import Iterator

ERROR = 0.02
"""How far off a percentile is at most, relative to itself: 2 %."""

SHORTEST, LONGEST = 1e-6, 1e7
"""Seconds; what is beyond counts as the nearer of them, in the figures and in the memory: 750 buckets at most."""

_GROWTH = math.log((1 + ERROR) / (1 - ERROR))
_MIDDLE = 1 - ERROR  # of a bucket, relative to its upper end


class LatencyHistogram:
    """Durations in seconds."""

    def __init__(self) -> None:
        self.count = 0
        self.shortest = LONGEST
        self.longest = 0.0
        self._buckets: Counter[int] = Counter()

    def add(self, seconds: float) -> None:
        seconds = min(max(SHORTEST, seconds), LONGEST)
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
        """The shortest duration that *percent* of all do not exceed, within ERROR; 0 when there are none."""
        wanted = math.ceil(self.count * percent / 100)
        for seconds, count in self.buckets():
            wanted -= count
            if wanted <= 0:
                return min(max(seconds, self.shortest), self.longest)
        return 0.0

    def buckets(self) -> Iterator[tuple[float, int]]:
        """(seconds, how many), the shortest first."""
        for index in sorted(self._buckets):
            yield math.exp(index * _GROWTH) * _MIDDLE, self._buckets[index]
