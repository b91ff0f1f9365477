"""What stands at a dotted path in the parts of a call."""

from collections.abc import Iterator
from typing import Any


def at(value: Any, path: list[str]) -> Iterator[Any]:
    """Every value at *path*: keys of objects, ``*`` for each element of a list. None where there is nothing."""
    for number, step in enumerate(path):
        if step == "*":
            for element in value if isinstance(value, list) else ():
                yield from at(element, path[number + 1 :])
            return
        value = value.get(step) if isinstance(value, dict) else None
    yield value
