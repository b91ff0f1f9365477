"""How a replay behaves: the user's choices."""

from dataclasses import dataclass, field
from typing import Literal

from apispy.errors import UsageError
from apispy.replay.matching import Matcher, choose

OnMiss = Literal["fail", "404", "forward"]

PATIENCE = 10.0
"""Seconds in which nothing arrives before an answer goes on without what had come before it in the record."""

FAST = 0.0


@dataclass(frozen=True, slots=True)
class Options:
    matchers: tuple[Matcher, ...] = field(default_factory=lambda: choose(None))
    repeat_last: bool = False  # an answer that was given is given again when there is no further one
    on_miss: OnMiss = "fail"
    speed: float = FAST  # 1: as recorded; 2: twice as fast; 0: without any pauses
    patience: float = PATIENCE


def speed(text: str) -> float:
    """``real``, ``fast`` or a factor, as typed. Raises UsageError."""
    named = {"real": 1.0, "fast": FAST}
    if text in named:
        return named[text]
    try:
        factor = float(text)
    except ValueError:
        factor = -1.0
    if not 0 < factor < 1e6:
        raise UsageError(f"--speed {text}: expected real, fast or a factor such as 2 or 0.5")
    return factor
