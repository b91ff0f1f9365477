"""Takes values out of JSON that cannot be trusted: each of the right kind and size, or Malformed tells where."""

from collections.abc import Callable
from typing import Any

LARGEST = 1 << 62
"""No size and no number in a capture is larger."""

LATEST = 200_000_000_000.0
"""Seconds: no time is later. Beyond it nobody's calendar goes on."""


class Malformed(ValueError):
    """What is wrong in a line, without file and line number: the place, what was expected, what was found."""


class Newer(Malformed):
    """It is a line of a format that only a later apispy knows."""


class JsonObject:
    """A JSON object. *place* is where it stands in its line: "request.body"."""

    def __init__(self, value: Any, place: str = "") -> None:
        self.place = place
        if not isinstance(value, dict):
            raise malformed(place or "the line", "an object", value)
        self.value = value

    def text(self, name: str, default: str | None = None) -> str:
        return str(self._take(name, "a string", lambda value: isinstance(value, str), default))

    def whole(self, name: str, least: int = 0) -> int:
        """A whole number that is not below *least*."""
        return whole(self.value.get(name), self._at(name), least)

    def seconds(self, name: str, default: float | None = None) -> float:
        """A time or a duration."""
        value = self.value.get(name, default)
        return seconds(value, self._at(name))

    def flag(self, name: str, default: bool) -> bool:
        return bool(self._take(name, "true or false", lambda value: isinstance(value, bool), default))

    def one_of(self, name: str, known: tuple[str, ...]) -> str:
        return str(self._take(name, f"one of {', '.join(known)}", lambda value: value in known, None))

    def items(self, name: str) -> list[tuple[Any, str]]:
        """The members of a list, which may be missing, each with its place."""
        found = self._take(name, "a list", lambda value: isinstance(value, list), [])
        return [(one, f"{self._at(name)}[{number}]") for number, one in enumerate(found)]

    def record(self, name: str) -> "JsonObject":
        return JsonObject(self.value.get(name), self._at(name))

    def record_or_none(self, name: str) -> "JsonObject | None":
        return self.record(name) if self.given(name) else None

    def given(self, name: str) -> bool:
        """Whether something stands there that is not null."""
        return self.value.get(name) is not None

    def any(self, name: str) -> Any:
        """Whatever stands there. Raises Malformed when nothing does."""
        return self._take(name, "a value", lambda _: True, None)

    def _take(self, name: str, expected: str, right: Callable[[Any], bool], default: Any) -> Any:
        if name not in self.value:
            if default is None:
                raise Malformed(f"{self._at(name)}: expected {expected}, found nothing")
            return default
        value = self.value[name]
        if not right(value):
            raise malformed(self._at(name), expected, value)
        return value

    def _at(self, name: str) -> str:
        return f"{self.place}.{name}" if self.place else name


def malformed(place: str, expected: str, found: Any) -> Malformed:
    text = repr(found)
    return Malformed(f"{place}: expected {expected}, found {text if len(text) <= 60 else text[:60] + '...'}")


def whole(value: Any, place: str, least: int = 0) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= LARGEST:
        raise malformed(place, f"a whole number from {least}", value)
    return value


def seconds(value: Any, place: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= LATEST:
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
