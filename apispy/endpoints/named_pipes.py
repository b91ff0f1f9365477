r"""Named pipes of Windows (``\\.\pipe\docker_engine``), by which docker reaches a daemon on the same machine there.

asyncio's event loop for Windows connects to them and serves them. The pipes are of the message type, as docker's are:
an empty message ends one direction, as go-winio's CloseWrite does (microsoft/go-winio, pipe.go), which docker uses.
"""

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from apispy import system

type Factory[P] = Callable[[], P]


async def open_pipe[P: asyncio.Protocol](factory: Factory[P], path: str) -> P:
    """Connect to the pipe *path* ("//./pipe/docker_engine"). Raises OSError."""
    loop: Any = asyncio.get_running_loop()
    protocol: P = (await loop.create_pipe_connection(factory, _native(path)))[1]
    return protocol


class PipeListener:
    """A named pipe that is served: each client has an instance of it, and a spare instance waits for the next one.

    Its user, administrators and the system can open it, on this machine only. ``start_serving_pipe`` of asyncio makes
    pipes that anyone can open to read.
    """

    def __init__(self, factory: Factory[asyncio.Protocol], path: str) -> None:
        """Make the pipe *path*. Raises OSError if there is one."""
        self._loop: Any = asyncio.get_running_loop()
        self._factory, self._path = factory, _native(path)
        self._waiting = system.new_pipe(self._path, first=True)
        self._spare = system.new_pipe(self._path, first=False)
        self._closed = False
        self._accept()

    def close(self) -> None:
        """Let no other client connect. Connections go on."""
        self._closed = True
        self._accepting.cancel()
        self._waiting.close()
        self._spare.close()

    def _accept(self) -> None:
        self._accepting = self._loop.create_task(self._accept_one())
        self._accepting.add_done_callback(self._accepted)

    async def _accept_one(self) -> None:
        # asyncio has no public method for this; it raises OSError for a client that left before it was accepted.
        await self._loop._proactor.accept_pipe(self._waiting)

    def _accepted(self, accepting: "asyncio.Task[None]") -> None:
        if self._closed or accepting.cancelled():
            self._waiting.close()
            return
        waiting, self._waiting = self._waiting, self._spare
        if accepting.exception() is None:
            self._loop._make_duplex_pipe_transport(waiting, self._factory(), extra={"addr": self._path})
        else:
            waiting.close()
        self._spare = system.new_pipe(self._path, first=False)
        self._accept()


async def end_direction(transport: asyncio.BaseTransport) -> None:
    """Send an empty message; everything before it must be sent. Raises OSError."""
    loop: Any = asyncio.get_running_loop()
    # asyncio's transports send no empty messages, and have no method for this.
    await loop._proactor.send(transport.get_extra_info("pipe"), b"")


def _native(path: str) -> str:
    return path.replace("/", "\\")


def pipe_socket(path: str, timeout: float | None) -> socket.socket:
    """Return a socket whose other end a thread joins to the pipe *path*, for code that blocks. Raises OSError."""
    ours, theirs = socket.socketpair()
    opened: Future[None] = Future()
    threading.Thread(
        target=lambda: asyncio.run(_join(path, theirs, opened)), daemon=True, name="apispy-pipe"
    ).start()
    try:
        opened.result(timeout)
    except BaseException:
        ours.close()
        raise
    ours.settimeout(timeout)
    return ours


async def _join(path: str, theirs: socket.socket, opened: Future[None]) -> None:
    try:
        pipe = await open_pipe(_Joined, path)
    except BaseException as error:
        theirs.close()
        opened.set_exception(error)
        return
    _, sock = await asyncio.get_running_loop().create_connection(_Joined, sock=theirs)
    pipe.join(sock)
    opened.set_result(None)
    await asyncio.wait((pipe.closed, sock.closed))


class _Joined(asyncio.Protocol):
    """One of two connections: what arrives at it is sent to the other, and both close together."""

    def __init__(self) -> None:
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._other: _Joined | None = None
        self._transport: Any = None

    def join(self, other: "_Joined") -> None:
        self._other, other._other = other, self
        self._transport.resume_reading()
        other._transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._transport.pause_reading()  # until they are joined

    def data_received(self, data: bytes) -> None:
        assert self._other is not None
        self._other._transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set_result(None)
        if self._other is not None:
            self._other._transport.close()
