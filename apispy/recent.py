"""Memories of the most recent keys."""

from collections import OrderedDict, deque


def remember[K, V](memory: OrderedDict[K, V], key: K, value: V, limit: int) -> None:
    """Set the value of *key*, the newest key now; forget the oldest one if there are more than *limit*."""
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > limit:
        memory.popitem(last=False)


class SizedMemory[K, V](dict[K, V]):
    """The values of the keys that were added last: at most *limit* of them, and *max_bytes* bytes in all."""

    def __init__(self, limit: int, max_bytes: int) -> None:
        super().__init__()
        self._limit, self._max_bytes = limit, max_bytes
        self._sizes: deque[tuple[K, int]] = deque()  # of each key, the oldest first
        self._size = 0

    def add(self, key: K, value: V, size: int) -> None:
        """Set the value of a new *key*, of *size* bytes; forget the oldest keys that are too many."""
        self[key] = value
        self._sizes.append((key, size))
        self._size += size
        while len(self._sizes) > self._limit or self._size > self._max_bytes:
            oldest, bytes_of_it = self._sizes.popleft()
            del self[oldest]
            self._size -= bytes_of_it

    def clear(self) -> None:
        super().clear()
        self._sizes.clear()
        self._size = 0
