"""Finds repeated reads: polling one target, or reading many one by one where a list would do."""

from collections import OrderedDict

from apispy.outputs.call_stats import CallStats
from apispy.recent import remember
from apispy.structs import Struct, field

MAX_GAP = 1.0
"""Seconds between the starts of two reads of one burst, at most."""

MIN_REPORTED_READS = 10
"""Reads that a burst needs to be reported."""

MAX_TARGETS = 1000
"""Targets remembered: for each burst, and for the most recent ones over all operations."""


class Burst(Struct):
    """Reads of one operation, each started within MAX_GAP of the one before it. The order is that of their ends.

    Times are Unix seconds: of the earliest start, the latest start, and the start added last.
    """

    first: float
    last: float
    previous: float
    calls: int = 0
    targets: set[int] = field(default_factory=set)  # hashes, at most MAX_TARGETS

    @property
    def seconds(self) -> float:
        return self.last - self.first


class Repeats:
    """The repeated reads of one operation. Calls that stay open do not count."""

    def __init__(self, recent: OrderedDict[int, float]) -> None:
        """*recent*: start times of the most recent reads of all operations, by the hash of their target."""
        self.rereads = 0  # reads of a target that was read less than MAX_GAP before
        self.longest = Burst(0, 0, 0)
        self._recent = recent
        self._burst = Burst(0, 0, 0)

    def add(self, call: CallStats) -> None:
        if (target := call.repeat_key) is None:
            return
        at = call.started
        previous = self._recent.pop(target, None)
        self.rereads += previous is not None and abs(at - previous) < MAX_GAP
        remember(self._recent, target, at, MAX_TARGETS)
        self._extend_burst(target, at)

    def _extend_burst(self, target: int, at: float) -> None:
        if not self._burst.calls or abs(at - self._burst.previous) > MAX_GAP:
            self._burst = Burst(at, at, at)
        burst = self._burst
        burst.first, burst.last, burst.previous = min(burst.first, at), max(burst.last, at), at
        burst.calls += 1
        if len(burst.targets) < MAX_TARGETS:
            burst.targets.add(target)
        if burst.calls > self.longest.calls:
            self.longest = burst
