"""Finds reads that are made again and again: of one thing, or one by one of many where a list would do."""

from collections import OrderedDict
from dataclasses import dataclass, field

from apispy.outputs.call_stats import CallStats

GAP = 1.0
"""Seconds between the beginnings of two reads that belong together, at most."""

MANY = 10
"""Reads of a run that is worth telling, at least."""

TARGETS = 1000
"""Targets that are remembered: of each run, and over all as asked for last."""


@dataclass(slots=True)
class Run:
    """Reads of one operation, each begun within GAP of the one before, in the order told, which is that of their ends.

    The times are Unix seconds: of the earliest, the latest, and the one that was told last.
    """

    first: float
    last: float
    before: float
    calls: int = 0
    targets: set[int] = field(default_factory=set)  # hashes, no more than TARGETS

    @property
    def seconds(self) -> float:
        return self.last - self.first


class Repeats:
    """The repeated reads of one operation. A call that stays open is none."""

    def __init__(self, recent: OrderedDict[int, float]) -> None:
        """*recent* are the targets read last, of all operations: when each was, by its hash."""
        self.again = 0  # reads of a target that was read less than GAP before
        self.longest = Run(0, 0, 0)
        self._recent = recent
        self._run = Run(0, 0, 0)

    def add(self, figures: CallStats) -> None:
        if (target := figures.again) is None:
            return
        at = figures.started
        before = self._recent.pop(target, None)
        self.again += before is not None and abs(at - before) < GAP
        self._recent[target] = at
        if len(self._recent) > TARGETS:
            self._recent.popitem(last=False)
        self._follow(target, at)

    def _follow(self, target: int, at: float) -> None:
        if not self._run.calls or abs(at - self._run.before) > GAP:
            self._run = Run(at, at, at)
        run = self._run
        run.first, run.last, run.before = min(run.first, at), max(run.last, at), at
        run.calls += 1
        if len(run.targets) < TARGETS:
            run.targets.add(target)
        if run.calls > self.longest.calls:
            self.longest = run
