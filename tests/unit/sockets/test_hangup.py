"""HangupWatch: peers that disconnect after their half-close."""

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
        forget = watch.watch(here.fileno(), lambda reset: None)
        watch.close()
        forget()
        watch.watch(here.fileno(), lambda reset: None)
        here.close()
        there.close()

    asyncio.run(scenario())


def test_a_closed_socket_is_forgotten_and_another_of_its_number_is_not() -> None:
    async def scenario() -> list[str]:
        watch, told = HangupWatch(), []
        gone = asyncio.Event()
        first, peer = socket.socketpair()
        number = first.fileno()
        forget = watch.watch(number, lambda reset: told.append("first"))
        first.close()
        second, other = socket.socketpair()
        assert second.fileno() == number
        watch.watch(number, lambda reset: (told.append("second"), gone.set()))
        forget()
        second.shutdown(socket.SHUT_WR)
        other.close()
        await asyncio.wait_for(gone.wait(), 5)
        again = watch.watch(number, lambda reset: None)
        second.close()
        again()
        assert not watch._callbacks
        watch.close()
        peer.close()
        return told

    assert asyncio.run(scenario()) == ["second"]
