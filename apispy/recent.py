"""A memory of the most recent keys."""

from collections import OrderedDict


def remember[K, V](memory: OrderedDict[K, V], key: K, value: V, limit: int) -> None:
    """Set the value of *key*, the newest key now; forget the oldest one if there are more than *limit*."""
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > limit:
        memory.popitem(last=False)
