"""The watch for peers that go after their half-close."""

import asyncio
import socket

from apispy.sockets.hangup import HangupWatch


def test_it_tells_once_that_a_peer_has_gone() -> None:
    async def scenario() -> list[bool]:
        watch, told = HangupWatch(), []
        here, there = socket.socketpair()
        gone = asyncio.Event()
        watch.watch(here.fileno(), lambda reset: (told.append(reset), gone.set()))
        here.shutdown(socket.SHUT_WR)
        there.close()
        await asyncio.wait_for(gone.wait(), 5)
        watch.close()
        here.close()
        return told

    assert asyncio.run(scenario()) == [False]


def test_a_connection_may_be_forgotten_after_the_watch_has_ended() -> None:
    async def scenario() -> None:
        watch = HangupWatch()
        here, there = socket.socketpair()
        watch.watch(here.fileno(), lambda reset: None)
        watch.close()
        watch.forget(here.fileno())
        watch.watch(here.fileno(), lambda reset: None)
        here.close()
        there.close()

    asyncio.run(scenario())
