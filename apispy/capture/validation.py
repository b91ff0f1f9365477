"""Typed access to untrusted JSON. A value of the wrong type or size raises Malformed, which names the place."""

from collections.abc import Callable
from typing import Any

MAX_INTEGER = 1 << 62
"""The largest size or number allowed in a capture."""

MAX_SECONDS = 200_000_000_000.0
"""The latest time allowed, in Unix seconds (about the year 8300)."""


class Malformed(ValueError):
    """A line is malformed. The message gives the place in the line, what was expected and what was found.

    It does not give the file and the line number.
    """


class NewerFormat(Malformed):
    """The line has a format that only a later version of apispy can read."""


class JsonObject:
    """A JSON object. *place* is its position in the line: "request.body". All methods raise Malformed."""

    def __init__(self, value: Any, place: str = "") -> None:
        self.place = place
        if not isinstance(value, dict):
            raise malformed(place or "the line", "an object", value)
        self.value = value

    def text(self, name: str, default: str | None = None) -> str:
        return str(self._take(name, "a string", lambda value: isinstance(value, str), default))

    def integer(self, name: str, least: int = 0) -> int:
        """Return an integer that is at least *least*."""
        return integer(self.value.get(name), self._place_of(name), least)

    def seconds(self, name: str, default: float | None = None) -> float:
        """Return a time or a duration."""
        value = self.value.get(name, default)
        return seconds(value, self._place_of(name))

    def flag(self, name: str, default: bool) -> bool:
        return bool(self._take(name, "true or false", lambda value: isinstance(value, bool), default))

    def one_of(self, name: str, known: tuple[str, ...]) -> str:
        return str(self._take(name, f"one of {', '.join(known)}", lambda value: value in known, None))

    def items(self, name: str) -> list[tuple[Any, str]]:
        """Return the members of a list, each with its place. A missing list is empty."""
        found = self._take(name, "a list", lambda value: isinstance(value, list), [])
        return [(one, f"{self._place_of(name)}[{number}]") for number, one in enumerate(found)]

    def object(self, name: str) -> "JsonObject":
        return JsonObject(self.value.get(name), self._place_of(name))

    def object_or_none(self, name: str) -> "JsonObject | None":
        return self.object(name) if self.has(name) else None

    def has(self, name: str) -> bool:
        """Whether the field is present and not null."""
        return self.value.get(name) is not None

    def required(self, name: str) -> Any:
        """Return a value of any type, which must be present."""
        return self._take(name, "a value", lambda _: True, None)

    def _take(self, name: str, expected: str, is_valid: Callable[[Any], bool], default: Any) -> Any:
        if name not in self.value:
            if default is None:
                raise Malformed(f"{self._place_of(name)}: expected {expected}, found nothing")
            return default
        value = self.value[name]
        if not is_valid(value):
            raise malformed(self._place_of(name), expected, value)
        return value

    def _place_of(self, name: str) -> str:
        return f"{self.place}.{name}" if self.place else name


def malformed(place: str, expected: str, found: Any) -> Malformed:
    """Make the error for a wrong value. At most 60 characters of the value are quoted."""
    text = repr(found)
    return Malformed(f"{place}: expected {expected}, found {text if len(text) <= 60 else text[:60] + '...'}")


def integer(value: Any, place: str, least: int = 0) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MAX_INTEGER:
        raise malformed(place, f"a whole number from {least}", value)
    return value


def seconds(value: Any, place: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= MAX_SECONDS:
        raise malformed(place, "seconds, from 0", value)
    return float(value)


def pair(value: Any, place: str) -> tuple[Any, Any]:
    if not isinstance(value, list) or len(value) != 2:
        raise malformed(place, "a pair", value)
    return value[0], value[1]


def text_pair(value: Any, place: str) -> tuple[str, str]:
    first, second = pair(value, place)
    if not isinstance(first, str) or not isinstance(second, str):
        raise malformed(place, "a pair of strings", value)
    return first, second


def strings(record: JsonObject, name: str) -> list[tuple[str, str]]:
    """Return the members of a list of strings, each with its place."""
    found = record.items(name)
    for one, place in found:
        if not isinstance(one, str):
            raise malformed(place, "a string", one)
    return found


def latin1(text: str, place: str) -> bytes:
    """Encode a header field, in which each character is one byte."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise malformed(place, "characters that stand for one byte each", text) from None


def reject_constant(name: str) -> Any:
    """Refuse NaN and Infinity, which Python's JSON parser accepts. Raises ValueError."""
    raise ValueError(f"{name} is not JSON")
