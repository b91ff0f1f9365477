"""What is measured after each round, when nothing is open, and when it counts as growth."""

import json
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.e2e.spy import Spy
from tests.e2e.waiting import until

ROOM = 8 << 20
"""Bytes by which memory may differ between the middle and the last third of the rounds.

apispy remembers what 20,000 ids are called, an allocator does not give back all that it took, and a soak of a minute is
hardly warm.
"""

SETTLE = 10.0
"""Seconds that apispy gets to close what its clients have left."""

HEADINGS = (
    "seconds",
    "calls",
    "calls/s",
    "memory MB",
    "descriptors",
    "tasks",
    "threads",
    "watches",
    "daemon",
)


@dataclass(frozen=True)
class Account:
    """One round's."""

    seconds: float
    calls: int
    per_second: float
    memory: int  # bytes, resident
    descriptors: int
    tasks: int
    threads: int
    watches: int  # connections that are kept in mind
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
            self.watches,
            self.daemon,
        )
        return "  ".join(f"{cell!s:>{len(name)}}" for cell, name in zip(cells, HEADINGS, strict=True))


def descriptors(spy: Spy) -> int:
    return len(os.listdir(f"/proc/{spy.pid}/fd"))


def settled(spy: Spy, rest: int) -> int:
    """The descriptors, when they have come down to *rest*; what they are after SETTLE seconds, if not."""
    try:
        until(lambda: descriptors(spy) <= rest, SETTLE, "apispy to close what was left", every=0.05)
    except AssertionError:
        pass  # it will be seen in the account
    return descriptors(spy)


def inside_at_rest(door: Path) -> dict[str, object]:
    """What is `inside`, when no connection is kept in mind any more; what it is after SETTLE seconds, if one is."""
    deadline = time.monotonic() + SETTLE
    while (found := inside(door))["watches"] and time.monotonic() < deadline:
        time.sleep(1)  # each look costs apispy a collection of its garbage
    return found


def inside(door: Path) -> dict[str, object]:
    """See `inside.py`."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(door))
        data = b"".join(iter(lambda: sock.recv(65536), b""))
    found: dict[str, object] = json.loads(data)
    return found


def growth(accounts: Sequence[Account]) -> list[str]:
    """What grew from one round to another. The first third of the rounds is for warming up."""
    third = max(1, len(accounts) // 3)
    middle, last = accounts[third : 2 * third], accounts[2 * third :]
    told = []
    for name in ("descriptors", "tasks", "threads", "watches"):
        before, after = (min(getattr(one, name) for one in part) for part in (middle, last))
        if after > before:
            told.append(f"{name} grew from {before} to {after}")
    before, after = (median(one.memory for one in part) for part in (middle, last))
    if after - before > ROOM:
        told.append(f"memory grew by {(after - before) / 1e6:.1f} MB: {grown_kinds(middle[0], last[-1])}")
    return told


def grown_kinds(before: Account, after: Account) -> str:
    """The kinds of objects of which there are more, the five that grew most."""
    more = {kind: count - before.objects.get(kind, 0) for kind, count in after.objects.items()}
    most = sorted(more.items(), key=lambda entry: -entry[1])[:5]
    return ", ".join(f"{count} more {kind}" for kind, count in most)
