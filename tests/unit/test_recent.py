"""The memory of the most recent keys."""

from collections import OrderedDict

from apispy.recent import remember


def test_the_oldest_key_is_forgotten() -> None:
    memory: OrderedDict[str, int] = OrderedDict()
    for value, key in enumerate("abacd"):
        remember(memory, key, value, 3)
    assert list(memory.items()) == [("a", 2), ("c", 3), ("d", 4)]
