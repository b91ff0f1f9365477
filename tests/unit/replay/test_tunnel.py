"""The beginning of a tunnel that is played, and its end for a client whose requests are not those of a tunnel."""

import asyncio

import pytest

from apispy.model import Body, Chunk, Exchange, Headers, Request, Response, Tunnel
from apispy.replay import Options
from apispy.replay.playback_connection import PlaybackConnection
from apispy.replay.playback_session import PlaybackSession
from apispy.replay.player import Player
from tests.laws.memory_carrier import MemoryCarrier

PING = b"GET /_ping HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n"


def recorded(status: int) -> Exchange:
    """A tunnel for HTTP/2, which the daemon opened although the request did not ask for one."""
    request = Request("GET", "/_ping", "1.1", Headers(), Body(), 0.0)
    response = Response(status, "", "1.1", Headers(((b"Upgrade", b"h2c"),)), Body(), 0.0)
    return Exchange(1, 1, 1.0, "client", "daemon", request, response, Tunnel("h2c"), "complete", 0.1)


@pytest.mark.parametrize("status", [101, 200])
@pytest.mark.parametrize("pieces", [(PING,), (PING, b"more\n"), (PING + PING,), (PING + b"\xff\r\n\r\n",)])
def test_it_ends_when_the_client_ends(pieces: tuple[bytes, ...], status: int) -> None:
    async def play() -> None:
        session = PlaybackSession(Player([recorded(status)], Options(patience=0.01)))
        await asyncio.wait_for(PlaybackConnection(session, MemoryCarrier(*pieces), "test").run(), 30)

    asyncio.run(play())


class SlowCarrier(MemoryCarrier):
    """A client that reads the first bytes long after they were sent: when ``unread`` was asked often enough."""

    asked = 0
    first = b""

    def unread(self) -> int:
        self.asked += 1
        if self.asked == 300:  # of a millisecond each
            self.first = bytes(self.sent)
        return 0 if self.first else len(self.sent)


def test_output_does_not_arrive_together_with_the_head() -> None:
    """docker-py loses it then: the message of a program that cannot be started, for example."""
    request = Request(
        "POST", "/exec/x/start", headers=Headers(((b"Connection", b"Upgrade"), (b"Upgrade", b"tcp")))
    )
    response = Response(101, "UPGRADED", "1.1", Headers(((b"Upgrade", b"tcp"),)))
    tunnel = Tunnel("tcp", Body(ended_at=0.2), Body((Chunk(0.1, b"no such program"),), 15, ended_at=0.2))
    call = Exchange(1, 1, 1.0, "client", "daemon", request, response, tunnel, "complete", 0.2)
    start = b"POST /exec/x/start HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
    carrier = SlowCarrier(start)

    async def play() -> None:
        session = PlaybackSession(Player([call], Options(patience=5)))
        await asyncio.wait_for(PlaybackConnection(session, carrier, "test").run(), 30)

    asyncio.run(play())
    assert carrier.first.endswith(b"\r\n\r\n")
    assert bytes(carrier.sent) == carrier.first + b"no such program"
