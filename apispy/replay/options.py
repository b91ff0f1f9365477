"""Options of a replay, as the user chooses them."""

from typing import Literal

from apispy.errors import UsageError
from apispy.replay.matching import Matcher, choose_matchers
from apispy.structs import Struct, field

OnMiss = Literal["fail", "404", "forward"]

DEFAULT_PATIENCE = 10.0

FAST = 0.0


class Options(Struct, frozen=True):
    matchers: tuple[Matcher, ...] = field(default_factory=lambda: choose_matchers(None))
    repeat_last: bool = False  # repeat the last matching response when all have been played
    on_miss: OnMiss = "fail"
    speed: float = FAST  # 1: as recorded; 2: twice as fast; 0: without pauses
    # Seconds without activity after which a response stops waiting for what preceded it in the recording.
    patience: float = DEFAULT_PATIENCE


def parse_speed(text: str) -> float:
    """The speed for ``real``, ``fast`` or a factor, as typed. Raises UsageError."""
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
