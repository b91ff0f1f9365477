"""The kinds of values that fields have: what may be typed for them, and how they are compared."""

import fnmatch
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apispy.engine.versions import parse as parse_version

Predicate = Callable[[Any], bool]

IS = ":"
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    IS: operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
ORDER = ("<", "<=", ">", ">=")

SECONDS = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
BYTES = {"": 1} | {
    f"{prefix}{unit}": base**power
    for unit, base in (("b", 1000), ("ib", 1024))
    for power, prefix in enumerate("kmgt", 1)
}
BYTES["b"] = 1

_AMOUNT = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)([a-zµ]*)", re.IGNORECASE)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d(?:\.\d{1,9})?))?")


@dataclass(frozen=True, slots=True)
class Kind:
    """``test`` makes the predicate of an operator and the text typed after it, None if that text is of no use."""

    expects: str  # what is to be typed, in words
    operators: tuple[str, ...]
    test: Callable[[str, str], Predicate | None]


def glob(_: str, text: str) -> Predicate:
    """``*`` is any characters, ``?`` any one; the case of letters does not matter."""
    matches = re.compile(fnmatch.translate(text.replace("[", "[[]")), re.IGNORECASE).match
    return lambda value: matches(value) is not None


def contains(_: str, text: str) -> Predicate:
    return glob(_, f"*{text}*")


def _compared(read: Callable[[str], Any]) -> Callable[[str, str], Predicate | None]:
    def test(sign: str, text: str) -> Predicate | None:
        operand, compare = read(text), COMPARISONS[sign]
        return None if operand is None else lambda value: compare(value, operand)

    return test


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,15}", text) else None


def _amount(units: dict[str, Any]) -> Callable[[str], float | None]:
    def read(text: str) -> float | None:
        found = _AMOUNT.fullmatch(text)
        unit = units.get(found[2].lower()) if found else None
        return float(found[1]) * unit if found and unit is not None else None

    return read


read_duration = _amount(SECONDS)
"""Seconds, or None for what is no duration."""

read_size = _amount(BYTES)
"""Bytes, likewise."""


def _moment(sign: str, text: str) -> Predicate | None:
    """A time of day, or a date with or without one; local unless it names its zone."""
    compare = COMPARISONS[sign]
    if found := _CLOCK.fullmatch(text):
        wanted = int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3] or 0)
        return lambda value: compare(_second_of_day(value), wanted)
    try:
        moment = datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
    return lambda value: compare(value, moment)


def _second_of_day(at: float) -> float:
    """Of Unix seconds, here; of what is no time, a number that compares with none."""
    try:
        local = datetime.fromtimestamp(at)
    except (ValueError, OverflowError, OSError):
        return float("nan")
    return local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1e6


GLOB = Kind("a pattern", (IS,), glob)
TEXT = Kind("a text", (IS,), contains)
NUMBER = Kind("a number", (IS, *ORDER), _compared(_number))
DURATION = Kind("a duration (us, ms, s, m, h)", ORDER, _compared(read_duration))
SIZE = Kind("a size (B, kB, MB, GB, KiB, MiB, GiB)", ORDER, _compared(read_size))
VERSION = Kind("a version", (IS, *ORDER), _compared(parse_version))
TIME = Kind("a time of day, or a date and time", ORDER, _moment)
