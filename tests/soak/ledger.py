"""The calls that the clients made. Each has its own number in its target, which identifies it in the capture."""

import itertools
import re
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from apispy.model import Exchange
from apispy.units import count

MARK = re.compile(r"[?&]soak=(\d+)")

MAX_UNREAD = 5
"""Requests that one soak may lose with connections that were reset; it has seen one in 24,000 calls."""


@dataclass
class Ledger:
    sent: set[int] = field(default_factory=set)  # the request head was sent completely
    answered: set[int] = field(default_factory=set)  # and a status line was received
    on_reset: set[int] = field(default_factory=set)
    """Not answered, and their connection was reset, by either side. A reset drops what nobody has read yet, which is
    then neither at the daemon nor in the capture."""
    errors: Counter[str] = field(default_factory=Counter)  # of the clients, by message
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _mutex: threading.Lock = field(default_factory=threading.Lock)

    def mark(self, path: str) -> tuple[int, str]:
        """Return a new number, and *path* with this number."""
        number = next(self._numbers)
        return number, f"{path}{'&' if '?' in path else '?'}soak={number}"

    def record_error(self, message: str) -> None:
        with self._mutex:
            self.errors[message] += 1

    def differences(self, calls: Iterable[Exchange]) -> list[str]:
        """List the differences to a capture; none if every call is in it exactly once."""
        found: Counter[int] = Counter()
        unanswered = set()
        for call in calls:
            if mark := MARK.search(call.request.target):
                found[int(mark[1])] += 1
                if call.response is None:
                    unanswered.add(int(mark[1]))
        missing = self.sent - set(found)
        if len(missing & self.on_reset) <= MAX_UNREAD:
            missing -= self.on_reset
        differences = {
            "not in the capture": missing,
            "more than once in the capture": {number for number, times in found.items() if times > 1},
            "in the capture, but never sent": set(found) - self.sent,
            "answered, but without a response in the capture": self.answered & unanswered,
        }
        return [
            f"{count(len(numbers), 'calls')} {what}: {sorted(numbers)[:10]}"
            for what, numbers in differences.items()
            if numbers
        ]
