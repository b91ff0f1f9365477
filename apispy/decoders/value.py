"""What the formats of single values have in common: values of headers and of query parameters."""

import base64
import json
from types import UnionType
from typing import Any

from apispy.model import Item

VALUE_LIMIT = 1 << 20
"""The longest value read, in bytes. No daemon takes a head of that size."""


class Value:
    """Collects a value, and gives one item of kind "value" for all of it: the label says in words what it means."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._size = 0

    def feed(self, data: bytes) -> list[Item]:
        self._size += len(data)
        self._pending += data[: max(0, VALUE_LIMIT - len(self._pending))]
        return []

    def close(self) -> list[Item]:
        span = (0, self._size)
        self._size = 0
        if not span[1]:
            return []
        if span[1] > VALUE_LIMIT:
            return [Item("problem", "too long", f"{span[1]} bytes, the limit is {VALUE_LIMIT}", span)]
        try:
            value = self.read(bytes(self._pending))
            return [Item("value", self.words(value), value, span)]
        except (ValueError, RecursionError) as error:
            return [Item("problem", "not readable", f"not readable: {error}", span)]

    def read(self, data: bytes) -> Any:
        """The value, as JSON would hold it. Raises ValueError with what was expected."""
        raise NotImplementedError

    def words(self, value: Any) -> str:
        """What *value*, which `read` gave, means."""
        raise NotImplementedError


def json_of(data: bytes, kind: type | UnionType, expected: str) -> Any:
    """A JSON value of a *kind*. Raises ValueError, which quotes nothing of it."""
    try:
        value = json.loads(data.decode())
    except json.JSONDecodeError as error:
        raise ValueError(f"expected {expected}, found no JSON: {error}") from None
    except UnicodeDecodeError:
        raise ValueError(f"expected {expected}, found no UTF-8") from None
    if not isinstance(value, kind):
        raise ValueError(f"expected {expected}, found another kind of JSON value")
    return value


def unbase64(data: bytes) -> bytes:
    """Base64 in either alphabet, with padding or without. Raises ValueError."""
    text = data.strip().rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)


def in_words(value: Any) -> str:
    """One part of a value: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
