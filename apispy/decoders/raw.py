"""Raw bytes: typed input, terminal output."""

from apispy.decoders.base import decoder
from apispy.model import Item


@decoder("raw")
class Raw:
    """Raw bytes: typed input, terminal output. Items of kind "raw", one per chunk, their values bytes."""

    def __init__(self) -> None:
        self._at = 0

    def feed(self, data: bytes) -> list[Item]:
        if not data:
            return []
        start, self._at = self._at, self._at + len(data)
        return [Item("raw", "raw", bytes(data), (start, self._at))]

    def close(self) -> list[Item]:
        return []
