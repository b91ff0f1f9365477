"""The memories of the most recent keys."""

from collections import OrderedDict

from apispy.recent import SizedMemory, remember


def test_the_oldest_key_is_forgotten() -> None:
    memory: OrderedDict[str, int] = OrderedDict()
    for value, key in enumerate("abacd"):
        remember(memory, key, value, 3)
    assert list(memory.items()) == [("a", 2), ("c", 3), ("d", 4)]


def test_what_is_too_large_or_too_many_is_forgotten_the_oldest_first() -> None:
    memory: SizedMemory[str, int] = SizedMemory(3, 10)
    for value, key in enumerate("abcd"):
        memory.add(key, value, 1)
    assert memory == {"b": 1, "c": 2, "d": 3}
    memory.add("e", 4, 9)
    assert memory == {"d": 3, "e": 4}
    memory.add("f", 5, 11)
    assert memory == {}
    memory.add("g", 6, 10)
    memory.clear()
    memory.add("h", 7, 10)
    assert memory == {"h": 7}
