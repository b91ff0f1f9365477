"""Bytes that are only counted."""

from apispy.decoders.base import decoder
from apispy.model import Item


@decoder("opaque")
class Opaque:
    """Bytes that are not decoded. One item of kind "raw" at the end, its value empty, its label the number of bytes."""

    def __init__(self) -> None:
        self._size = 0

    def feed(self, data: bytes) -> list[Item]:
        self._size += len(data)
        return []

    def close(self) -> list[Item]:
        size, self._size = self._size, 0
        return [Item("raw", f"{size} bytes, not read", b"", (0, size))] if size else []
