"""The proxy in a thread of this process, with real sockets on both sides and a scripted daemon."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from apispy.certs import ServerFiles
from apispy.endpoints import TLS, Endpoint, Listen
from apispy.gate import BrowserGuard, Gate, parse
from apispy.outputs import DecodedCall, Output
from apispy.pipeline import Pipeline
from apispy.proxy.service import Service, Settings

TIMEOUT = 20.0
"""Seconds, for the sockets of a test."""


class RecordingOutput(Output):
    """An output that records its calls and notices."""

    def __init__(self) -> None:
        self.calls: list[DecodedCall] = []
        self.notices: list[str] = []
        self._written = threading.Condition()

    def write(self, reading: DecodedCall) -> None:
        with self._written:
            self.calls.append(reading)
            self._written.notify_all()

    def wait(self, count: int) -> list[DecodedCall]:
        """Return all calls, once there are *count* of them."""
        with self._written:
            assert self._written.wait_for(lambda: len(self.calls) >= count, TIMEOUT), f"only {self.calls}"
            return list(self.calls)

    def notice(self, text: str, at: float) -> None:
        self.notices.append(text)


@dataclass
class Proxied:
    """A running proxy. *received*: the daemon's bytes, by connection, in the order of their start."""

    where: Listen
    received: list[bytearray]
    shown: RecordingOutput
    gate: Gate | None

    def connect(self) -> socket.socket:
        if self.where.kind == "unix":
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(TIMEOUT)
            client.connect(self.where.path)
            return client
        return socket.create_connection(("127.0.0.1", self.where.port), TIMEOUT)


Serve = Callable[[socket.socket, bytearray], None]
"""A daemon's handler of one connection; it appends the bytes that it receives to the bytearray."""


def respond_with_path(connection: socket.socket, received: bytearray) -> None:
    """Respond to each request with its path, once its body is complete."""
    while head := _until(connection, received, b"\r\n\r\n"):
        wanted = next(
            (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0"
        )
        _exactly(connection, received, int(wanted.partition(b":")[2]))
        connection.sendall(ok(head.split(b" ")[1]))


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def _until(connection: socket.socket, received: bytearray, mark: bytes) -> bytes:
    data = b""
    while not data.endswith(mark):
        byte = connection.recv(1)
        if not byte:
            return b""
        received += byte
        data += byte
    return data


def _exactly(connection: socket.socket, received: bytearray, size: int) -> None:
    while size and (data := connection.recv(size)):
        received += data
        size -= len(data)


def receive(client: socket.socket, size: int) -> bytes:
    """Receive *size* bytes, or fewer if the connection ends."""
    data = b""
    while len(data) < size and (piece := client.recv(size - len(data))):
        data += piece
    return data


def receive_all(client: socket.socket) -> bytes:
    """Receive until the connection ends."""
    return receive(client, 1 << 30)


def receive_response(client: socket.socket) -> bytes:
    """Receive one response with a Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = client.recv(1)
        if not piece:
            return data
        data += piece
    [length] = [line for line in data.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return data + receive(client, int(length.partition(b":")[2]))


@contextmanager
def daemon(serve: Serve) -> Iterator[tuple[int, list[bytearray]]]:
    received: list[bytearray] = []
    connections: list[socket.socket] = []

    def one(connection: socket.socket, received_bytes: bytearray) -> None:
        with connection, suppress(OSError):
            serve(connection, received_bytes)

    def accept(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.settimeout(TIMEOUT)
            received.append(bytearray())
            connections.append(connection)
            threading.Thread(target=one, args=(connection, received[-1]), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1], received
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxied(
    *rules: str,
    serve: Serve = respond_with_path,
    guard: BrowserGuard | None = None,
    gate: Gate | None = None,
    where: Listen | None = None,
    tls: ServerFiles | None = None,
    clients_exited: bool = False,
    upstream_gone: bool = False,
    upstream_tls: TLS | None = None,
) -> Iterator[Proxied]:
    """Run the proxy with fault *rules* before a daemon that runs *serve*. All calls are shown at its end.

    *upstream_gone*: nothing listens where the proxy expects the daemon. *upstream_tls*: the proxy's files for a daemon
    with TLS, which *serve* has to speak.
    """
    shown = RecordingOutput()
    gate = gate or (Gate([parse(rule) for rule in rules], guard) if rules or guard else None)
    pipeline = Pipeline([shown])
    with daemon(serve) as (port, received):
        upstream = Endpoint("tcp", "127.0.0.1", 1 if upstream_gone else port, "", "", upstream_tls)
        listen = where or Listen("tcp", "127.0.0.1", 0, "")
        service = Service(Settings(listen, upstream, tls, gate=gate), pipeline)
        started: list[Listen] = []
        ready = threading.Event()

        def listening(found: Listen) -> None:
            started.append(found)
            ready.set()

        thread = threading.Thread(target=lambda: asyncio.run(service.run(listening)))
        thread.start()
        assert ready.wait(TIMEOUT), "the proxy did not start"
        try:
            yield Proxied(started[0], received, shown, gate)
        finally:
            service.stop(clients_exited=clients_exited)
            thread.join(TIMEOUT)
            pipeline.close()
