"""The feed: bounded, lazy, never waiting, and honest about what a reader missed."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from apispy.app.web import Feed
from apispy.app.web.feed import BATCH_BYTES, BATCH_ITEMS, Batch


def filled(count: int, size: int = 10, **limits: int) -> Feed:
    feed = Feed(**limits)
    for number in range(1, count + 1):
        feed.add("call", size, lambda number=number: {"id": number})  # type: ignore[misc]
    return feed


def ids(batch: Batch) -> list[int]:
    return [json.loads(message.json)["id"] for message in batch.messages]


def test_items_come_in_order_with_their_numbers():
    feed = filled(3)
    batch = feed.read(0)
    assert [(one.number, one.name, one.json) for one in batch.messages] == [
        (1, "call", '{"id": 1}'),
        (2, "call", '{"id": 2}'),
        (3, "call", '{"id": 3}'),
    ]
    assert (batch.missed, batch.last) == (0, 3)
    assert feed.read(3) == Batch(0, (), 3)


def test_items_are_bounded_in_number():
    feed = filled(10, max_items=4)
    assert (feed.total, feed.kept) == (10, (4, 40))
    batch = feed.read(0)
    assert (batch.missed, ids(batch)) == (6, [7, 8, 9, 10])


def test_items_are_bounded_in_bytes():
    feed = filled(10, size=30, max_bytes=100)
    assert feed.kept == (3, 90)
    assert feed.read(0).missed == 7


def test_an_item_that_is_larger_than_all_is_not_kept():
    feed = filled(2, max_bytes=100)
    feed.add("call", 1000, dict)
    assert feed.kept == (0, 0)
    assert feed.read(0) == Batch(3, (), 3)


def test_the_json_counts_once_it_is_made():
    feed = Feed(max_bytes=100)
    feed.add("call", 1, lambda: "x" * 70)
    feed.add("call", 1, lambda: "y" * 70)
    assert feed.kept == (2, 2)
    assert len(feed.read(0).messages) == 2
    assert feed.kept == (1, 72)


def test_a_reader_misses_what_has_left_and_only_that():
    feed = filled(10, max_items=4)
    assert feed.read(5).missed == 1
    assert feed.read(6).missed == 0
    assert ids(feed.read(8)) == [9, 10]


@pytest.mark.parametrize("after", [-1, 11, 10**30])
def test_a_number_of_another_session_is_the_beginning(after: int):
    assert ids(filled(10).read(after)) == list(range(1, 11))


def test_a_batch_is_bounded():
    feed = filled(BATCH_ITEMS * 2)
    assert (len(feed.read(0).messages), feed.read(0).last) == (BATCH_ITEMS, BATCH_ITEMS)
    large = Feed()
    for _ in range(3):
        large.add("call", 1, lambda: "x" * BATCH_BYTES)
    assert [feed.last for feed in (large.read(0), large.read(1), large.read(2))] == [1, 2, 3]


def test_without_a_reader_nothing_is_made():
    made: list[int] = []
    feed = Feed(max_items=2)
    for number in range(5):
        feed.add("call", 1, lambda number=number: made.append(number))  # type: ignore[misc]
    assert made == []
    feed.read(0)
    feed.read(0)
    assert made == [3, 4]


def test_an_item_that_cannot_be_made_does_not_end_the_reading(caplog: pytest.LogCaptureFixture):
    feed = Feed()
    feed.add("call", 1, lambda: 1 / 0)
    feed.add("call", 1, lambda: {"id": 2})
    first, second = feed.read(0).messages
    assert "internal error" in first.json
    assert second.json == '{"id": 2}'
    assert "ZeroDivisionError" in caplog.text


def test_json_is_printable_ascii_on_one_line():
    feed = Feed()
    feed.add("call", 1, lambda: {"a": "é\u2028\x1b\x7f\n</script>\udcff"})
    [message] = feed.read(0).messages
    assert message.json.isascii()
    assert message.json.isprintable()


def test_a_sleeper_is_woken_once():
    feed, woken = Feed(), []

    def wake() -> None:
        woken.append(1)

    assert feed.sleep(0, wake)
    feed.add("call", 1, dict)
    feed.add("call", 1, dict)
    assert woken == [1]
    assert not feed.sleep(1, wake)
    assert feed.sleep(2, wake)
    feed.forget(wake)
    feed.add("call", 1, dict)
    assert woken == [1]


def test_adding_does_not_wait_for_a_reader_that_makes_json():
    """A call is added while the JSON of another one is being made."""
    feed, began, go = Feed(), threading.Event(), threading.Event()

    def slow() -> dict[str, Any]:
        began.set()
        assert go.wait(30)
        return {"id": 1}

    feed.add("call", 1, slow)
    reader = threading.Thread(target=feed.read, args=(0,))
    reader.start()
    assert began.wait(30)
    feed.add("call", 1, lambda: {"id": 2})
    assert feed.total == 2
    go.set()
    reader.join(30)
    assert ids(feed.read(0)) == [1, 2]


def test_two_threads_lose_nothing():
    feed, seen = Feed(max_items=100_000), []
    woken = threading.Event()

    def write(make: Callable[[], Any]) -> None:
        for _ in range(1000):
            feed.add("call", 1, make)

    writers = [threading.Thread(target=write, args=(lambda name=name: {"id": name},)) for name in range(3)]  # type: ignore[misc]
    for writer in writers:
        writer.start()
    after = 0
    while len(seen) < 3000:
        batch = feed.read(after)
        assert batch.missed == 0
        seen += [message.number for message in batch.messages]
        after = batch.last
        woken.clear()
        if not batch.messages and feed.sleep(after, woken.set):
            assert woken.wait(30)
    for writer in writers:
        writer.join(30)
    assert seen == list(range(1, 3001))


def test_the_end_wakes_and_nobody_sleeps_after_it():
    feed, woken = filled(1), threading.Event()
    assert feed.sleep(1, woken.set)
    feed.end()
    assert woken.is_set()
    assert not feed.sleep(1, woken.set)
    assert ids(feed.read(0)) == [1]


def test_readers_are_counted():
    feed = Feed()
    assert not feed.has_readers
    with feed.reader():
        assert feed.has_readers
    assert not feed.has_readers
