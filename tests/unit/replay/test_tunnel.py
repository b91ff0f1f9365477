"""The end of a tunnel that is played to a client whose requests are not those of a tunnel."""

import asyncio

import pytest

from apispy.model import Body, Exchange, Headers, Request, Response, Tunnel
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
