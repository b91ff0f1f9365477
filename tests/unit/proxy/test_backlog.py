"""The backlog keeps the order, loses nothing, and lets bytes go first, but not forever."""

import asyncio
import socket
import sys
import time

import pytest

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


def test_runs_of_events_count_with_their_bytes():
    async def scenario():
        seen: list[object] = []
        waiting = Backlog(seen.append, seen.append)
        assert not waiting.waiting
        runs = [[some(1), Data(1, "request", 0, Chunk(0.0, b"x" * (backlog.MAX_BYTES + 1)))], [some(2)]]
        waiting.add(runs)
        stream, theirs = await connected()
        waiting.throttle(stream)
        assert stream in waiting._paused
        assert waiting.waiting
        waiting.drain()
        assert seen == [runs]
        assert (waiting._size, waiting._paused) == (0, set())
        theirs.close()

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


needs_epoll = pytest.mark.skipif(sys.platform != "linux", reason="asyncio uses epoll only there")


@needs_epoll
def test_bytes_that_arrive_meanwhile_go_before_the_next_event():
    async def scenario():
        seen: list[object] = []
        stream, peer = await connected()

        def feed(event: object) -> None:
            seen.append(event)
            if len(seen) in (1, 4):  # the first event of all, and one after the first bytes
                peer.send(b"bytes")

        waiting = Backlog(feed, seen.append)
        reading = asyncio.create_task(stream.deliver_to(seen.append))
        await asyncio.sleep(0)
        for number in range(20):
            waiting.add(some(number))
        while len(seen) < 22:
            await asyncio.sleep(0.001)
        assert [place for place, one in enumerate(seen) if one == b"bytes"] == [1, 4]
        reading.cancel()
        stream.close()
        peer.close()

    asyncio.run(scenario())


@needs_epoll
def test_bytes_that_never_pause_do_not_let_the_queue_grow(monkeypatch):
    monkeypatch.setattr(backlog, "MAX_WAIT", 0.0)
    monkeypatch.setattr(backlog, "TIME_SLICE", 60.0)  # a piece ends when bytes arrive, not when it takes long

    async def scenario():
        passed: list[object] = []
        added: list[object] = []
        lengths: list[int] = []  # of the queue, since the first event was passed on
        stream, peer = await connected()
        waiting = Backlog(passed.append, passed.append)

        def arrived(data: bytes) -> None:
            for _ in range(6):  # the events of a call
                added.append(some(len(added)))
                waiting.add(added[-1])
            if passed:
                lengths.append(len(added) - len(passed))
            if len(added) < 1200:
                peer.send(b"more")

        reading = asyncio.create_task(stream.deliver_to(arrived))
        peer.send(b"first")
        while len(passed) < 1200:
            await asyncio.sleep(0.001)
        assert passed == added
        assert max(lengths) <= lengths[0] + 6
        reading.cancel()
        stream.close()
        peer.close()

    asyncio.run(scenario())
