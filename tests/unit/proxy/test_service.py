"""The service's ``drain`` and ``settle``: all calls are shown before something else is written."""

import asyncio
import socket
import time
from collections.abc import Callable, Coroutine

import pytest

from apispy.endpoints import Endpoint, Listen
from apispy.pipeline import Pipeline
from apispy.proxy import backlog
from apispy.proxy.service import Service, Settings
from tests.unit.proxy.served import (
    TIMEOUT,
    RecordingOutput,
    Serve,
    daemon,
    receive_response,
    respond_with_path,
)

REQUEST = b"GET /v1.41/version HTTP/1.1\r\nHost: docker\r\n\r\n"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The backlog passes nothing on by itself."""
    monkeypatch.setattr(backlog, "FLUSH_AFTER", 3600.0)
    monkeypatch.setattr(backlog, "MAX_WAIT", 3600.0)


def silent(connection: socket.socket, heard: bytearray) -> None:
    """Read until the client's end, and respond to nothing."""
    while data := connection.recv(1 << 16):
        heard += data


class Running:
    """A service in the running event loop."""

    def __init__(self, port: int) -> None:
        self.shown = RecordingOutput()
        upstream = Endpoint("tcp", "127.0.0.1", port, "", "", None)
        self.service = Service(Settings(Listen("tcp", "127.0.0.1", 0, ""), upstream), Pipeline([self.shown]))

    async def __aenter__(self) -> "Running":
        started: asyncio.Future[Listen] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self.service.run(started.set_result))
        self.port = (await started).port
        return self

    async def __aexit__(self, *_: object) -> None:
        self.service.stop()
        await self._task

    def connect(self) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port), TIMEOUT)
        client.sendall(REQUEST)
        return client


def served(serve: Serve, go: Callable[[int], Coroutine[None, None, None]]) -> None:
    """Run *go* with the port of a daemon that does what *serve* says."""
    with daemon(serve) as (port, _):
        asyncio.run(go(port))


def test_drain_shows_what_was_read() -> None:
    async def go(port: int) -> None:
        async with Running(port) as running:
            client = running.connect()
            await asyncio.to_thread(receive_response, client)
            assert running.shown.calls == []
            running.service.drain()
            assert [call.exchange.end for call in running.shown.calls] == ["complete"]
            client.close()

    served(respond_with_path, go)


def test_settle_waits_for_calls_that_end_with_their_client() -> None:
    async def go(port: int) -> None:
        async with Running(port) as running:
            client = running.connect()
            await asyncio.sleep(0.2)
            running.service.drain()
            assert running.shown.calls == []
            client.close()
            await running.service.settle(TIMEOUT)
            assert len(running.shown.calls) == 1

    served(silent, go)


def test_settle_gives_up_on_a_client_that_stays() -> None:
    async def go(port: int) -> None:
        async with Running(port) as running:
            client = running.connect()
            await asyncio.to_thread(receive_response, client)
            before = time.monotonic()
            await running.service.settle(0.2)
            assert 0.1 < time.monotonic() - before < TIMEOUT / 2
            assert len(running.shown.calls) == 1
            client.close()

    served(respond_with_path, go)
