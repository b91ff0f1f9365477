"""The proxy in a thread of this process, with real sockets on both sides and a daemon that a test scripts."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from apispy.certs import ServerFiles
from apispy.endpoints import Endpoint, Listen
from apispy.gate import BrowserGuard, Gate, parse
from apispy.outputs import DecodedCall, Output
from apispy.pipeline import Pipeline
from apispy.proxy.service import Service, Settings

PATIENCE = 20.0
"""Seconds until a socket of a test gives up."""


class Shown(Output):
    """What an output is told, as the console would be."""

    def __init__(self) -> None:
        self.calls: list[DecodedCall] = []
        self.notices: list[str] = []

    def write(self, reading: DecodedCall) -> None:
        self.calls.append(reading)

    def notice(self, text: str, at: float) -> None:
        self.notices.append(text)


@dataclass
class Proxied:
    """*heard*: what the daemon got, a bytes for each of its connections, in order of their beginning."""

    where: Listen
    heard: list[bytearray]
    shown: Shown
    gate: Gate | None

    def connect(self) -> socket.socket:
        if self.where.kind == "unix":
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(PATIENCE)
            client.connect(self.where.path)
            return client
        return socket.create_connection(("127.0.0.1", self.where.port), PATIENCE)


Serve = Callable[[socket.socket, bytearray], None]
"""A daemon's part of one connection; it appends what it hears."""


def answering(connection: socket.socket, heard: bytearray) -> None:
    """Answers each request with its path; a POST with a body only when that is complete."""
    while head := _until(connection, heard, b"\r\n\r\n"):
        wanted = next(
            (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0"
        )
        _exactly(connection, heard, int(wanted.partition(b":")[2]))
        connection.sendall(ok(head.split(b" ")[1]))


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def _until(connection: socket.socket, heard: bytearray, mark: bytes) -> bytes:
    data = b""
    while not data.endswith(mark):
        byte = connection.recv(1)
        if not byte:
            return b""
        heard += byte
        data += byte
    return data


def _exactly(connection: socket.socket, heard: bytearray, size: int) -> None:
    while size and (data := connection.recv(size)):
        heard += data
        size -= len(data)


def said_until(client: socket.socket, size: int) -> bytes:
    """So many bytes, or fewer at the end."""
    data = b""
    while len(data) < size and (piece := client.recv(size - len(data))):
        data += piece
    return data


def said(client: socket.socket) -> bytes:
    """All, until the end."""
    return said_until(client, 1 << 30)


def answer(client: socket.socket) -> bytes:
    """One answer with a Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = client.recv(1)
        if not piece:
            return data
        data += piece
    [length] = [line for line in data.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return data + said_until(client, int(length.partition(b":")[2]))


@contextmanager
def daemon(serve: Serve) -> Iterator[tuple[int, list[bytearray]]]:
    heard: list[bytearray] = []
    open_ones: list[socket.socket] = []

    def one(connection: socket.socket, bytes_of_it: bytearray) -> None:
        with connection, suppress(OSError):
            serve(connection, bytes_of_it)

    def accept(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.settimeout(PATIENCE)
            heard.append(bytearray())
            open_ones.append(connection)
            threading.Thread(target=one, args=(connection, heard[-1]), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1], heard
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxied(
    *rules: str,
    serve: Serve = answering,
    guard: BrowserGuard | None = None,
    gate: Gate | None = None,
    where: Listen | None = None,
    tls: ServerFiles | None = None,
) -> Iterator[Proxied]:
    """The proxy with faults, before a daemon that does what *serve* says. When it ends, all calls have been shown."""
    shown = Shown()
    gate = gate or (Gate([parse(rule) for rule in rules], guard) if rules or guard else None)
    pipeline = Pipeline([shown])
    with daemon(serve) as (port, heard):
        upstream = Endpoint("tcp", "127.0.0.1", port, "", "", None)
        listen = where or Listen("tcp", "127.0.0.1", 0, "")
        service = Service(Settings(listen, upstream, tls, gate=gate), pipeline)
        started: list[Listen] = []
        ready = threading.Event()

        def listening(found: Listen) -> None:
            started.append(found)
            ready.set()

        thread = threading.Thread(target=lambda: asyncio.run(service.run(listening)))
        thread.start()
        assert ready.wait(PATIENCE), "the proxy did not start"
        try:
            yield Proxied(started[0], heard, shown, gate)
        finally:
            service.stop()
            thread.join(PATIENCE)
            pipeline.close()
