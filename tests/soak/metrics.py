"""The measurements after each round, when no connection is open, and the rules for what counts as growth."""

import json
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.e2e.apispy_process import Apispy
from tests.e2e.wait import until

MEMORY_TOLERANCE = 8 << 20
"""Bytes by which memory may differ between the middle and the last third of the rounds.

apispy remembers the names of 20,000 ids, an allocator does not return all memory, and after a minute's soak apispy is
hardly warm.
"""

SETTLE_TIMEOUT = 10.0
"""Seconds that apispy has to close the connections that its clients left."""

HEADINGS = (
    "seconds",
    "calls",
    "calls/s",
    "memory MB",
    "descriptors",
    "tasks",
    "threads",
    "observers",
    "daemon",
)


@dataclass(frozen=True)
class RoundMetrics:
    """The measurements of one round."""

    seconds: float
    calls: int
    per_second: float
    memory: int  # bytes, resident
    descriptors: int
    tasks: int
    threads: int
    observers: int  # connections that apispy still observes
    daemon: str  # what happened to it in this round
    objects: dict[str, int]

    def row(self) -> str:
        cells = (
            f"{self.seconds:.0f}",
            self.calls,
            f"{self.per_second:.0f}",
            f"{self.memory / 1e6:.1f}",
            self.descriptors,
            self.tasks,
            self.threads,
            self.observers,
            self.daemon,
        )
        return "  ".join(f"{cell!s:>{len(name)}}" for cell, name in zip(cells, HEADINGS, strict=True))


def descriptors(spy: Apispy) -> int:
    return len(os.listdir(f"/proc/{spy.pid}/fd"))


def settled_descriptors(spy: Apispy, rest: int) -> int:
    """Wait until no more than *rest* descriptors are open, SETTLE_TIMEOUT at most, and return their number."""
    try:
        until(lambda: descriptors(spy) <= rest, SETTLE_TIMEOUT, "apispy to close its connections", every=0.05)
    except AssertionError:
        pass  # the measurement will show it
    return descriptors(spy)


def read_settled_statistics(stats_socket: Path) -> dict[str, object]:
    """Read the statistics once apispy observes no connection, or after SETTLE_TIMEOUT."""
    deadline = time.monotonic() + SETTLE_TIMEOUT
    while (found := read_statistics(stats_socket))["observers"] and time.monotonic() < deadline:
        time.sleep(1)  # each reading makes apispy collect its garbage
    return found


def read_statistics(stats_socket: Path) -> dict[str, object]:
    """Read the statistics of `instrumented_apispy.py`."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(stats_socket))
        data = b"".join(iter(lambda: sock.recv(65536), b""))
    found: dict[str, object] = json.loads(data)
    return found


def growth(metrics: Sequence[RoundMetrics]) -> list[str]:
    """List what grew between the middle and the last third of the rounds. The first third is the warm-up."""
    third = max(1, len(metrics) // 3)
    middle, last = metrics[third : 2 * third], metrics[2 * third :]
    problems = []
    for name in ("descriptors", "tasks", "threads", "observers"):
        before, after = (min(getattr(one, name) for one in part) for part in (middle, last))
        if after > before:
            problems.append(f"{name} grew from {before} to {after}")
    before, after = (median(one.memory for one in part) for part in (middle, last))
    if after - before > MEMORY_TOLERANCE:
        problems.append(f"memory grew by {(after - before) / 1e6:.1f} MB: {grown_kinds(middle[0], last[-1])}")
    return problems


def grown_kinds(before: RoundMetrics, after: RoundMetrics) -> str:
    """Name the five object types whose number grew most."""
    more = {kind: count - before.objects.get(kind, 0) for kind, count in after.objects.items()}
    most = sorted(more.items(), key=lambda entry: -entry[1])[:5]
    return ", ".join(f"{count} more {kind}" for kind, count in most)
