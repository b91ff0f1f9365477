"""Paths to JSON values: those of the table of operations and those of the user's rules.

A small part of JSONPath, as lenient as the daemon: names match regardless of case, as in Go's encoding/json, and lists
on the way are searched, so ``$.Labels.x`` also matches in every element of a list.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from apispy.engine.json_fields import fold
from apispy.structs import Struct

Step = str | int
"""A name, folded, "*" for any name or element, ".." for any depth, or the index of an element."""

Path = tuple[Step, ...]

_STEP = re.compile(r"(\.\.)|\.?\[(?:(\d+)|(\*)|'([^']*)'|\"([^\"]*)\")\]|\.?(\*)|\.?([^\s.\[\]'\"*]+)")


class Match(Struct):
    """A value that a path matches, with the object or list that holds it."""

    holder: Any  # dict or list
    key: Any
    place: str  # "$.Spec.Data"

    @property
    def value(self) -> Any:
        return self.holder[self.key]

    def put(self, value: Any) -> None:
        self.holder[self.key] = value


def parse(text: str) -> Path:
    """Parse ``$.a['b.c'][*][0]..d``. Raises ValueError with what is wrong."""
    if not text.startswith("$"):
        raise ValueError("the path must begin with $")
    steps: list[Step] = []
    at = 1
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None or (at == 1 and text[1] not in ".["):
            raise ValueError(f"{text[at:]!r} is not a step of a path")
        at = found.end()
        steps.append(_step(found))
    if not steps or steps[-1] == "..":
        raise ValueError("the path ends before it names a value")
    return tuple(steps)


def _step(found: re.Match[str]) -> Step:
    deep, number, any_element, quoted, quoted_too, any_name, name = found.groups()
    if number is not None:
        return int(number)
    return deep or any_element or any_name or fold(str(quoted or quoted_too or name or ""))


def find(holder: Any, path: Path, key: Any = 0, place: str = "$") -> Iterator[Match]:
    """All matches of *path* below ``holder[key]``."""
    if not path:
        yield Match(holder, key, place)
        return
    value, step = holder[key], path[0]
    if isinstance(value, dict) and step not in ("*", ".."):  # as below, in less time
        for name in value:
            if (fold(name) if isinstance(name, str) else name) == step:
                yield from find(value, path[1:], name, place_of(place, name))
        return
    if step == "..":
        yield from find(holder, path[1:], key, place)
    for name in _names(value):
        if step == "..":
            yield from find(value, path, name, place_of(place, name))
        elif _fits(step, name):
            yield from find(value, path[1:], name, place_of(place, name))
        elif isinstance(value, list) and not isinstance(step, int):
            yield from find(value, path, name, place_of(place, name))


def _fits(step: Step, name: Step) -> bool:
    return step == "*" or step == (fold(name) if isinstance(name, str) else name)


def _names(value: Any) -> list[str] | range:
    """The names or indexes of the parts of *value*."""
    if isinstance(value, dict):
        return list(value)
    return range(len(value) if isinstance(value, list) else 0)


def inside(value: Any, place: str) -> Iterator[tuple[Any, str]]:
    """The names or indexes of the parts of *value*, each with its place."""
    for name in _names(value):
        yield name, place_of(place, name)


def place_of(place: str, name: str | int) -> str:
    """The place of the part *name* of the value at *place*."""
    if isinstance(name, int):
        return f"{place}[{name}]"
    return place + (_step_text_cached(name) if len(name) <= MAX_CACHED_LENGTH else _step_text(name))


def _step_text(name: str) -> str:
    return f".{name}" if _PLAIN_NAME.fullmatch(name) else f"[{name!r}]"


MAX_CACHED, MAX_CACHED_LENGTH = 4096, 100
"""The size of the cache of names, and the characters of the longest name in it."""

_PLAIN_NAME = re.compile(r"[\w-]+")
_step_text_cached = lru_cache(MAX_CACHED)(_step_text)
