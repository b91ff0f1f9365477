"""What waits to be shown keeps its order, is never lost, and waits for bytes but not for ever."""

import asyncio
import time

from apispy.model import Chunk
from apispy.proxy import backlog
from apispy.proxy.backlog import Backlog
from apispy.tap import Data, GaveUp


def some(number: int) -> GaveUp:
    return GaveUp(number, "")


def test_all_is_passed_on_in_order_and_notices_stand_between():
    async def scenario():
        seen: list[object] = []
        waiting = Backlog(seen.append, seen.append)
        done = asyncio.Event()
        for number in range(3):
            waiting.add(some(number))
            waiting.add(f"notice {number}")
        assert seen == []  # the bytes come first
        Backlog(lambda _: done.set(), seen.append).add(some(9))
        await done.wait()
        while len(seen) < 6:
            await asyncio.sleep(0)
        assert seen == [some(0), "notice 0", some(1), "notice 1", some(2), "notice 2"]

    asyncio.run(scenario())


def test_what_comes_when_too_much_waits_makes_an_older_one_go():
    async def scenario():
        seen: list[object] = []
        waiting = Backlog(seen.append, seen.append)
        for number in range(backlog.LIMIT + 5):
            waiting.add(some(number))
        assert seen == [some(number) for number in range(5)]
        waiting.drain()
        assert len(seen) == backlog.LIMIT + 5

    asyncio.run(scenario())


def test_bytes_that_wait_are_bounded():
    async def scenario():
        seen: list[object] = []
        waiting = Backlog(seen.append, seen.append)
        half = bytes(backlog.ROOM // 2 + 1)
        for number in range(4):
            waiting.add(Data(number, "response", 0, Chunk(0.0, half)))
        assert len(seen) == 3
        waiting.drain()

    asyncio.run(scenario())


def test_a_stream_that_never_pauses_is_shown_all_the_same():
    async def scenario():
        seen: list[object] = []
        waiting = Backlog(seen.append, seen.append)
        began = time.monotonic()
        while not seen and time.monotonic() - began < 20:
            waiting.add(some(0))
            await asyncio.sleep(0.0001)
        assert seen

    asyncio.run(scenario())
