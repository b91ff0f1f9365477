"""What stands in a fault beside its filter: how each word is read, and what it does."""

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
            "apispy answers with it, in the form of the daemon's errors. The daemon never sees the request.",
            "status=500", _status),
    Setting("drop-after", "a size (B, kB, MB, GB, KiB, MiB, GiB)",
            "The request is passed on. After so many bytes behind the answer's head, a hijacked session's too, the "
            "connection ends; nothing happens to an answer that is not longer.",
            "drop-after=64kB", _drop_after),
    Setting("reset", "",
            "The connection is reset (TCP's RST; on a unix socket, which has none, it is closed). The daemon never "
            "sees the request.",
            "reset"),
    Setting("garbage", "",
            "apispy answers with bytes that are no HTTP, and ends the connection. The daemon never sees the request.",
            "garbage"),
)  # fmt: skip

DELAY = Setting("delay", "a duration up to 24h (us, ms, s, m, h)",
                "The request is held back so long, then it is passed on; or one of the above is done with it.",
                "delay=2s", _delay)  # fmt: skip

MORE = (
    Setting("message", "a text",
            "What the answer of `status` says in place of `apispy: fault ...`, as `\"...\"` if it has blanks.",
            'message="no space left on device"', str),
    Setting("times", "a number from 1", "Only the first so many requests that match are hit.", "times=1", _count),
    Setting("every", "a number from 1", "Only each so-many-th request that matches is hit.", "every=3", _count),
    Setting("probability", "a number up to 1, or a percentage",
            "Each request that matches is hit with this chance.", "probability=10%", _probability),
)  # fmt: skip

SETTINGS = {setting.name: setting for setting in (*ACTS, DELAY, *MORE)}
