"""Differences that matching ignores."""

import re
from datetime import datetime

from apispy.replay.variables import Unifier

TERMINAL_SIZE_PARAMETERS = frozenset(
    (operation, name) for operation in ("ContainerResize", "ExecResize") for name in ("h", "w")
)
"""(operation, parameter) of parameters that depend on the size of the terminal."""

TERMINAL_SIZE_FIELDS = frozenset(("ConsoleSize",))
"""JSON fields that depend on the size of the terminal."""

BUILD_PARAMETERS = frozenset(("session", "buildid"))
"""Parameters that a client generates for each build."""

TIME_PARAMETERS = frozenset(("since", "until"))
"""Parameters that are times, often taken from the clock."""

MAX_CLOCK_OFFSET = 24 * 3600.0
"""Seconds between a time and its request up to which it counts as taken from the clock, not as a constant."""

EMPTY_VALUES = ("", "{}", "[]", "null")
"""Values of query parameters that mean the same as no parameter."""

_SECONDS = re.compile(r"\d{9,10}(?:\.\d{1,9})?")


def is_ignored(
    unifier: Unifier, name: str, recorded: str, live: str, recorded_at: float, live_at: float
) -> bool:
    """Whether the parameter *name* may have different values. The times of the requests are Unix seconds."""
    if name in BUILD_PARAMETERS:
        return bool(live) and unifier.bind_value("text", recorded, live)
    if name in TIME_PARAMETERS:
        return _is_near(recorded, recorded_at) and _is_near(live, live_at)
    return False


def _is_near(text: str, now: float) -> bool:
    """Whether *text* is a time at most MAX_CLOCK_OFFSET from *now*."""
    seconds = _unix_seconds(text)
    return seconds is not None and abs(seconds - now) <= MAX_CLOCK_OFFSET


def _unix_seconds(text: str) -> float | None:
    if _SECONDS.fullmatch(text):
        return float(text)
    if "T" in text or "-" in text:
        try:
            return datetime.fromisoformat(text).timestamp()
        except (ValueError, OverflowError, OSError):
            return None
    return None
