"""What stands at a dotted path in the parts of a call."""

from collections.abc import Iterator
from typing import Any


def at(value: Any, path: list[str]) -> Iterator[Any]:
    """Every value at *path*: keys of objects, ``*`` for each element of a list. None where there is nothing."""
    if not path:
        yield value
    elif path[0] == "*":
        for element in value if isinstance(value, list) else ():
            yield from at(element, path[1:])
    else:
        yield from at(value.get(path[0]) if isinstance(value, dict) else None, path[1:])
