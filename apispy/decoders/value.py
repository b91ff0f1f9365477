"""Base class and helpers for decoders of single values: header fields and query parameters."""

import base64
import json
from types import UnionType
from typing import Any

from apispy.model import Item

VALUE_LIMIT = 1 << 20
"""The longest value that is decoded, in bytes. No daemon accepts headers of that size."""


class Value:
    """Collects a value. Gives one item of kind "value", with a description of the value as its label."""

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
            value = self.parse(bytes(self._pending))
            return [Item("value", self.describe(value), value, span)]
        except (ValueError, RecursionError) as error:
            return [Item("problem", "not readable", f"not readable: {error}", span)]

    def parse(self, data: bytes) -> Any:
        """Return the value as JSON. Raises ValueError with what was expected."""
        raise NotImplementedError

    def describe(self, value: Any) -> str:
        """Describe *value*, which ``parse`` returned."""
        raise NotImplementedError


def parse_json(data: bytes, kind: type | UnionType, expected: str) -> Any:
    """Parse a JSON value of type *kind*. Raises ValueError, which quotes nothing of the value."""
    try:
        value = json.loads(data.decode())
    except json.JSONDecodeError as error:
        raise ValueError(f"expected {expected}, found something that is not JSON: {error}") from None
    except UnicodeDecodeError:
        raise ValueError(f"expected {expected}, found something that is not UTF-8") from None
    if not isinstance(value, kind):
        raise ValueError(f"expected {expected}, found another kind of JSON value")
    return value


def unbase64(data: bytes) -> bytes:
    """Decode base64 in either alphabet, with or without padding. Raises ValueError."""
    text = data.strip().rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)


def as_text(value: Any) -> str:
    """Return text unchanged, and anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
