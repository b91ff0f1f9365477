"""What of a request may differ without meaning anything else: the one table of it."""

import re
from datetime import datetime

from apispy.replay.variables import Unifier

SIZES = frozenset((operation, name) for operation in ("ContainerResize", "ExecResize") for name in ("h", "w"))
"""Parameters of operations that are as large as the terminal is."""

FIELDS = frozenset(("ConsoleSize",))
"""JSON fields that are so too."""

PER_RUN = frozenset(("session", "buildid"))
"""Parameters that a client makes up anew for each build."""

TIMES = frozenset(("since", "until"))
"""Parameters that are times, often made from the clock."""

NEAR = 24 * 3600.0
"""Seconds: a time so near to the request's own was made from the clock, another is a constant and means itself."""

EMPTY_QUERY = ("", "{}", "[]", "null")

_SECONDS = re.compile(r"\d{9,10}(?:\.\d{1,9})?")


def same_by_name(
    unifier: Unifier, name: str, recorded: str, live: str, recorded_at: float, live_at: float
) -> bool:
    """Whether the parameter *name* may be the live one, though its text differs. The times are Unix seconds."""
    if name in PER_RUN:
        return bool(live) and unifier.stands_for("text", recorded, live)
    if name in TIMES:
        return is_near(recorded, recorded_at) and is_near(live, live_at)
    return False


def is_near(text: str, now: float) -> bool:
    """Whether *text* is a time not far from *now*."""
    seconds = _unix(text)
    return seconds is not None and abs(seconds - now) <= NEAR


def _unix(text: str) -> float | None:
    if _SECONDS.fullmatch(text):
        return float(text)
    if "T" in text or "-" in text:
        try:
            return datetime.fromisoformat(text).timestamp()
        except (ValueError, OverflowError, OSError):
            return None
    return None
