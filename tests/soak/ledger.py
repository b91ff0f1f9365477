"""What the clients did: each call has a number of its own in its target, by which it is found again in the capture."""

import itertools
import re
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from apispy.model import Exchange

MARK = re.compile(r"[?&]soak=(\d+)")


@dataclass
class Ledger:
    sent: set[int] = field(default_factory=set)  # the head went out whole
    answered: set[int] = field(default_factory=set)  # and a status line came back
    troubles: Counter[str] = field(default_factory=Counter)  # of the clients, by what they say
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _mutex: threading.Lock = field(default_factory=threading.Lock)

    def mark(self, path: str) -> tuple[int, str]:
        """A new number, and the path with it."""
        number = next(self._numbers)
        return number, f"{path}{'&' if '?' in path else '?'}soak={number}"

    def trouble(self, words: str) -> None:
        with self._mutex:
            self.troubles[words] += 1

    def differences(self, calls: Iterable[Exchange]) -> list[str]:
        """How the capture differs from this; nothing, when every call is in it exactly once."""
        found: Counter[int] = Counter()
        unanswered = set()
        for call in calls:
            if mark := MARK.search(call.request.target):
                found[int(mark[1])] += 1
                if call.response is None:
                    unanswered.add(int(mark[1]))
        wrong = {
            "not in the capture": self.sent - set(found),
            "more than once in the capture": {number for number, times in found.items() if times > 1},
            "in the capture, but never sent": set(found) - self.sent,
            "answered, but without an answer in the capture": self.answered & unanswered,
        }
        return [f"{len(those)} calls {what}: {sorted(those)[:10]}" for what, those in wrong.items() if those]
