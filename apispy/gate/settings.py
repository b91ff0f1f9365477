"""The settings of a fault rule: how each value is parsed, and what it does."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apispy.filters.value_types import read_duration, read_size

LONGEST_DELAY = 24 * 3600.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Setting:
    """``name=VALUE``, or the bare name if *expects* is empty. ``read`` gives None for a text that is of no use."""

    name: str
    expects: str  # what is to be typed, in words
    does: str  # in a sentence or two, for docs/faults.md
    example: str
    read: Callable[[str], Any] = lambda text: True


def _status(text: str) -> int | None:
    return int(text) if re.fullmatch("[2-5][0-9][0-9]", text) else None


def _count(text: str) -> int | None:
    return int(text) if re.fullmatch("[1-9][0-9]{0,8}", text) else None


def _probability(text: str) -> float | None:
    found = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,9})?)(%?)", text)
    value = float(found[1]) / (100 if found[2] else 1) if found else 0.0
    return value if 0 < value <= 1 else None


def _delay(text: str) -> float | None:
    seconds = read_duration(text)
    return seconds if seconds is not None and seconds <= LONGEST_DELAY else None


def _drop_after(text: str) -> int | None:
    size = read_size(text)
    return None if size is None else int(size)


ACTS = (
    Setting("status", "a status from 200 to 599",
            "apispy responds with this status, in the format of the daemon's errors. The daemon never sees the "
            "request.",
            "status=500", _status),
    Setting("drop-after", "a size (B, kB, MB, GB, KiB, MiB, GiB)",
            "The request is forwarded. The connection ends this many bytes after the response head, also in a hijacked "
            "session. A response that is not longer is not affected.",
            "drop-after=64kB", _drop_after),
    Setting("reset", "",
            "The connection is reset (TCP RST; a unix socket has no reset, so it is closed). The daemon never sees the "
            "request.",
            "reset"),
    Setting("garbage", "",
            "apispy responds with bytes that are not HTTP and closes the connection. The daemon never sees the "
            "request.",
            "garbage"),
)  # fmt: skip

DELAY = Setting("delay", "a duration up to 24h (us, ms, s, m, h)",
                "The request is held for this long. Then it is forwarded, or the other action is applied.",
                "delay=2s", _delay)  # fmt: skip

MORE = (
    Setting("message", "a text",
            "The error message for `status`, instead of `apispy: fault ...`; in `\"...\"` if it contains spaces.",
            'message="no space left on device"', str),
    Setting("times", "a number from 1", "Applies to the first N matching requests only.", "times=1", _count),
    Setting("every", "a number from 1", "Applies to every Nth matching request.", "every=3", _count),
    Setting("probability", "a number up to 1, or a percentage",
            "Applies to each matching request with this probability.", "probability=10%", _probability),
)  # fmt: skip

SETTINGS = {setting.name: setting for setting in (*ACTS, DELAY, *MORE)}
