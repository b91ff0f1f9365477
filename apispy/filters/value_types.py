"""The types of filter values: their syntax, and how they are compared."""

import fnmatch
import operator
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from apispy.engine.versions import parse as parse_version
from apispy.structs import Struct

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


class ValueType(Struct, frozen=True):
    """A type of values. ``test`` makes a predicate of an operator and the text after it; None for invalid text."""

    expects: str  # the expected syntax, for error messages
    operators: tuple[str, ...]
    test: Callable[[str, str], Predicate | None]


def glob(_: str, text: str) -> Predicate:
    """A predicate for a pattern: ``*`` matches any characters, ``?`` any one character. Case is ignored."""
    matches = re.compile(fnmatch.translate(text.replace("[", "[[]")), re.IGNORECASE).match
    return lambda value: matches(value) is not None


def contains(_: str, text: str) -> Predicate:
    """A predicate for texts that contain *text*, which may be a pattern."""
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
"""Reads a duration in seconds; None if the text is not a duration."""

read_size = _amount(BYTES)
"""Reads a size in bytes; None if the text is not a size."""


def _time(sign: str, text: str) -> Predicate | None:
    """A predicate for a time of day, or for a date with or without a time; local unless it names a zone."""
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
    """The local second of the day of Unix seconds; NaN if *at* is not a valid time."""
    try:
        local = datetime.fromtimestamp(at)
    except (ValueError, OverflowError, OSError):
        return float("nan")
    return local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1e6


GLOB = ValueType("a pattern", (IS,), glob)
TEXT = ValueType("a text", (IS,), contains)
NUMBER = ValueType("a number", (IS, *ORDER), _compared(_number))
DURATION = ValueType("a duration (us, ms, s, m, h)", ORDER, _compared(read_duration))
SIZE = ValueType("a size (B, kB, MB, GB, KiB, MiB, GiB)", ORDER, _compared(read_size))
VERSION = ValueType("a version", (IS, *ORDER), _compared(parse_version))
TIME = ValueType("a time of day, or a date and time", ORDER, _time)
