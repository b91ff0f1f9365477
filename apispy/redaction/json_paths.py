"""Paths to values in JSON: those of the table of operations, and those that the user gives.

A small part of JSONPath, made as lenient as the daemon: names are compared without case, as Go's encoding/json
does, and lists on the way are crossed by themselves, so ``$.Labels.x`` finds it in every element of a list too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Step = str | int
"""A name in lower case, "*" for any name or element, ".." for any depth, or the number of an element."""

Path = tuple[Step, ...]

_STEP = re.compile(r"(\.\.)|\.?\[(?:(\d+)|(\*)|'([^']*)'|\"([^\"]*)\")\]|\.?(\*)|\.?([^\s.\[\]'\"*]+)")


@dataclass(slots=True)
class Found:
    """One value in the JSON value that holds it, to be looked at and replaced."""

    holder: Any  # dict or list
    key: Any
    place: str  # "$.Spec.Data"

    @property
    def value(self) -> Any:
        return self.holder[self.key]

    def put(self, value: Any) -> None:
        self.holder[self.key] = value


def parse(text: str) -> Path:
    """``$.a['b.c'][*][0]..d`` as a Path. Raises ValueError with what is wrong."""
    if not text.startswith("$"):
        raise ValueError("it must begin with $")
    steps: list[Step] = []
    at = 1
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None or (at == 1 and text[1] not in ".["):
            raise ValueError(f"{text[at:]!r} is no step of a path")
        at = found.end()
        steps.append(_step(found))
    if not steps or steps[-1] == "..":
        raise ValueError("it ends before it names a value")
    return tuple(steps)


def _step(found: re.Match[str]) -> Step:
    deep, number, any_element, quoted, quoted_too, any_name, name = found.groups()
    if number is not None:
        return int(number)
    return deep or any_element or any_name or str(quoted or quoted_too or name or "").lower()


def find(holder: Any, path: Path, key: Any = 0, place: str = "$") -> Iterator[Found]:
    """All that *path* finds below ``holder[key]``."""
    if not path:
        yield Found(holder, key, place)
        return
    value, step = holder[key], path[0]
    if step == "..":
        yield from find(holder, path[1:], key, place)
    for name, below in inside(value, place):
        if step == "..":
            yield from find(value, path, name, below)
        elif _fits(step, name):
            yield from find(value, path[1:], name, below)
        elif isinstance(value, list) and not isinstance(step, int):
            yield from find(value, path, name, below)


def _fits(step: Step, name: Step) -> bool:
    return step == "*" or step == (name.lower() if isinstance(name, str) else name)


def inside(value: Any, place: str) -> Iterator[tuple[Any, str]]:
    """The names or numbers of the parts of *value*, each with its place."""
    if isinstance(value, dict):
        for name in list(value):
            plain = re.fullmatch(r"[\w-]+", name)
            yield name, f"{place}.{name}" if plain else f"{place}[{name!r}]"
    elif isinstance(value, list):
        for number in range(len(value)):
            yield number, f"{place}[{number}]"
