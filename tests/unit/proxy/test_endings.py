"""Which side ended a connection, and how, as calls tell it: seen on real sockets, of clients and of the daemon."""

import socket
import struct
from pathlib import Path

import pytest

from apispy.endpoints import Listen
from apispy.tap import CLIENT_LEFT, CLIENT_RESET, DAEMON_RESET

from .served import proxied

SWITCHING = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"
ATTACH = (
    b"POST /containers/x/attach?stream=1 HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n"
)
EVENTS = b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n"
EXPORT = b"GET /containers/x/export HTTP/1.1\r\nHost: x\r\n\r\n"


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def answer(connection: socket.socket, received: bytearray) -> bytes:
    """Receive a request, and send the beginning of a response that does not end."""
    while b"\r\n\r\n" not in received:
        received += connection.recv(1 << 16)
    begun = SWITCHING if b"Upgrade" in received else CHUNKED
    connection.sendall(begun)
    return begun


def waits(connection: socket.socket, received: bytearray) -> None:
    """A daemon that ends its side only when the client has ended its own."""
    answer(connection, received)
    while connection.recv(1 << 16):
        pass


def speaks(connection: socket.socket, received: bytearray) -> None:
    """A daemon that speaks as long as anyone listens."""
    answer(connection, received)
    while True:
        connection.sendall(b"1\r\ny\r\n")


def resets(connection: socket.socket, received: bytearray) -> None:
    answer(connection, received)
    connection.recv(1)  # the client has the beginning of the response
    reset(connection)


def begun(client: socket.socket, request: bytes) -> None:
    """Send *request* and receive the beginning of its response."""
    client.sendall(request)
    data = b""
    while not data.endswith((SWITCHING, CHUNKED)) and b"y" not in data:
        data += client.recv(1)


@pytest.mark.parametrize("request_", [ATTACH, EVENTS, EXPORT], ids=["attach", "events", "export"])
@pytest.mark.parametrize("serve", [waits, speaks])
@pytest.mark.parametrize("unix", [False, True], ids=["tcp", "unix"])
def test_a_client_that_leaves(request_: bytes, serve, unix: bool, tmp_path: Path) -> None:
    where = Listen("unix", "", 0, str(tmp_path / "s")) if unix else None
    with proxied(serve=serve, where=where) as there:
        with there.connect() as client:
            begun(client, request_)
        [call] = there.shown.wait(1)
    # The system resets the connection of a client that leaves bytes unread; and a daemon may end a tunnel first.
    if serve is waits and request_ is ATTACH:
        assert (call.exchange.end, call.exchange.problems) in [("complete", ()), ("left", (CLIENT_LEFT,))]
    else:
        assert call.exchange.end == "left"
        assert call.exchange.problems in [(CLIENT_LEFT,), (CLIENT_RESET,)]
    assert call.failed is (request_ is EXPORT)


@pytest.mark.parametrize("request_", [ATTACH, EVENTS], ids=["attach", "events"])
def test_a_client_that_resets_its_connection(request_: bytes) -> None:
    with proxied(serve=waits) as there:
        client = there.connect()
        begun(client, request_)
        reset(client)
        [call] = there.shown.wait(1)
    assert (call.exchange.end, call.exchange.problems) == ("left", (CLIENT_RESET,))


@pytest.mark.parametrize("request_", [ATTACH, EVENTS], ids=["attach", "events"])
def test_a_daemon_that_resets_its_connection(request_: bytes) -> None:
    with proxied(serve=resets) as there, there.connect() as client:
        begun(client, request_)
        client.sendall(b"x")
        [call] = there.shown.wait(1)
    assert (call.exchange.end, call.exchange.problems) == ("cut", (DAEMON_RESET,))


def test_apispy_that_is_stopped() -> None:
    with proxied(serve=waits) as there:
        client = there.connect()
        begun(client, EVENTS)
    [call] = there.shown.calls
    client.close()
    assert (call.exchange.end, call.exchange.problems) == ("cut", ("apispy was stopped",))
