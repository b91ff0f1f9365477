"""The backlog keeps the order, loses nothing, and lets bytes go first, but not forever."""

import asyncio
import socket
import time

from apispy.capture import Notice
from apispy.model import Chunk
from apispy.proxy import backlog
from apispy.proxy.backlog import Backlog
from apispy.sockets import Stream
from apispy.tap import Data, GaveUp


def some(number: int) -> GaveUp:
    return GaveUp(number, "")


def said(number: int) -> Notice:
    return Notice(float(number), f"notice {number}")


def test_all_is_passed_on_in_order_and_notices_stand_between():
    async def scenario():
        seen: list[object] = []
        waiting = Backlog(seen.append, lambda text, at: seen.append(Notice(at, text)))
        done = asyncio.Event()
        for number in range(3):
            waiting.add(some(number))
            waiting.add(said(number))
        assert seen == []  # the bytes come first
        Backlog(lambda _: done.set(), seen.append).add(some(9))
        await done.wait()
        while len(seen) < 6:
            await asyncio.sleep(0)
        assert seen == [
            some(0),
            said(0),
            some(1),
            said(1),
            some(2),
            said(2),
        ]  # with the times at which it was said

    asyncio.run(scenario())


async def connected() -> tuple[Stream, socket.socket]:
    ours, theirs = socket.socketpair()
    _, stream = await asyncio.get_running_loop().create_connection(Stream, sock=ours)
    return stream, theirs


def test_who_brings_too_much_waits_and_the_others_go_on():
    async def scenario():
        seen: list[object] = []
        waiting = Backlog(seen.append, seen.append)
        (eager, eager_peer), (other, other_peer) = await connected(), await connected()
        waiting.add(Data(1, "response", 0, Chunk(0.0, bytes(backlog.MAX_BYTES + 1))))
        waiting.throttle(eager)
        waiting.throttle(eager)  # once is enough
        assert not eager.transport.is_reading()
        eager_peer.send(b"more")
        other_peer.send(b"hello")
        assert await other.read() == b"hello"
        assert await eager.read() == b"more"  # what waits is passed on at once, not when bytes pause
        assert len(seen) == 1
        for stream, peer in ((eager, eager_peer), (other, other_peer)):
            stream.close()
            peer.close()

    asyncio.run(scenario())


def test_what_comes_when_far_too_much_waits_makes_an_older_one_go():
    async def scenario():
        seen: list[object] = []
        waiting = Backlog(seen.append, seen.append)
        most = backlog.MAX_EVENTS * backlog.HARD_LIMIT
        for number in range(most + 5):
            waiting.add(some(number))
        assert seen == [some(number) for number in range(5)]
        waiting.drain()
        assert len(seen) == most + 5

    asyncio.run(scenario())


def test_bytes_that_wait_are_bounded():
    async def scenario():
        seen: list[object] = []
        waiting = Backlog(seen.append, seen.append)
        half = bytes(backlog.MAX_BYTES * backlog.HARD_LIMIT // 2 + 1)
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
