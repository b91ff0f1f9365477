"""A connection as a byte stream, with the methods of asyncio's reader and writer that mitmproxy's handler uses.

asyncio's own StreamReader discards its buffer when the peer resets the connection; a client without apispy would still
have read those bytes. So this stream delivers the bytes first, and then the reset.
"""

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from apispy import system

READ_SIZE, BULK_READ_SIZE = 256 * 1024, 1024 * 1024
"""Bytes that asyncio reads at once (its own default), and after a read has returned as many."""

READ_AHEAD = 256 * 1024
"""Bytes that are buffered before anyone reads them."""

LINGER_RESET = struct.pack("ii", 1, 0)  # SO_LINGER with time 0: closing sends a RST


class Carrier(Protocol):
    """A bidirectional byte stream whose directions end separately: a ``Stream`` or a ``TlsStream``."""

    async def read(self) -> bytes:
        """Return the next bytes; b"" at the end. Raises OSError if the connection broke."""

    def write(self, data: bytes) -> None: ...

    async def drain(self) -> None:
        """Wait until more can be written."""

    def write_eof(self) -> None:
        """End this side's direction after everything written before."""

    def close(self) -> None:
        """Close after everything written before is sent."""

    def unread(self) -> int | None:
        """Return how many of the sent bytes the peer has not read; None where the system does not report it."""

    def reset(self) -> None:
        """Close at once, with a RST if the transport has one."""

    def is_closing(self) -> bool: ...


class Stream(asyncio.Protocol):
    """Reader and writer of one TCP or unix connection, half-closes and resets included.

    ``extra_info`` overrides values of ``get_extra_info``, for unix sockets and child processes.
    """

    def __init__(self, on_open: Callable[["Stream"], None] | None = None) -> None:
        self._on_open = on_open
        self._transport: asyncio.Transport | None = None
        self._received: deque[bytes] = deque()
        self._buffered = 0  # bytes in it
        self._eof = False
        self._lost: Exception | None = None
        self._arrival: asyncio.Event = asyncio.Event()
        self._writable: asyncio.Event = asyncio.Event()
        self._writable.set()
        self._closed: asyncio.Event = asyncio.Event()
        self._receiver: Callable[[bytes], None] | None = None  # see deliver_to
        self._pauses = 0  # calls of pause_reading without a resume_reading
        self._on_writable: list[Callable[[], None]] = []  # called once more can be written
        self.extra_info: dict[str, Any] = {}

    # -- asyncio calls these --

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._on_open is not None:
            self._on_open(self)

    def data_received(self, data: bytes) -> None:
        if len(data) == READ_SIZE:
            self.transport.max_size = BULK_READ_SIZE  # type: ignore[attr-defined]  # an attribute of asyncio's socket transports
        if self._receiver is not None:
            self._receiver(data)
            return
        self._received.append(data)
        self._buffered += len(data)
        if self._buffered >= READ_AHEAD:
            self.transport.pause_reading()
        self._arrival.set()

    def eof_received(self) -> bool:
        self._eof = True
        self._arrival.set()
        return True  # keep the other direction open

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = exc or ConnectionAbortedError("closed by apispy")
        self._arrival.set()
        self._closed.set()
        self.resume_writing()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()
        waiting, self._on_writable = self._on_writable, []
        for resume in waiting:
            resume()

    # -- the owner of the connection calls these --

    @property
    def transport(self) -> asyncio.Transport:
        assert self._transport is not None, "used before it was connected"
        return self._transport

    async def read(self, _limit: int = -1) -> bytes:
        """Return the next bytes as they arrived; b"" at the end. Raises OSError if the connection was reset or lost."""
        while not self._received:
            if self._eof:
                return b""
            if self._lost is not None:
                raise self._lost if isinstance(self._lost, OSError) else OSError(str(self._lost))
            self._arrival.clear()
            await self._arrival.wait()
        data = self._received.popleft()
        self._buffered -= len(data)
        if self._buffered < READ_AHEAD and not self._pauses and not self.transport.is_closing():
            self.transport.resume_reading()
        return data

    async def deliver_to(self, receiver: Callable[[bytes], None]) -> None:
        """Call *receiver* with all data as it arrives, until the end. Raises OSError as ``read`` does."""
        while self._received:
            receiver(await self.read())
        self._receiver = receiver
        try:
            while not self._eof and self._lost is None:
                self._arrival.clear()
                await self._arrival.wait()
        finally:
            self._receiver = None
        await self.read()

    def pause_until_writable(self, other: "Stream") -> None:
        """Read nothing more until *other* can take more data."""
        if not other._writable.is_set():
            self.pause_reading()
            other._on_writable.append(self.resume_reading)

    def pause_reading(self) -> None:
        """Read nothing more until ``resume_reading`` was called as often as this method."""
        self._pauses += 1
        self.transport.pause_reading()

    def resume_reading(self) -> None:
        self._pauses -= 1
        if not self._pauses and not self.transport.is_closing():
            self.transport.resume_reading()

    def write(self, data: bytes) -> None:
        self.transport.write(data)

    async def drain(self) -> None:
        """Wait until more can be written. Never raises: a lost connection is reported by ``read``."""
        await self._writable.wait()

    def write_eof(self) -> None:
        """Half-close after everything written before. Never raises: a lost connection is reported by ``read``."""
        if self._lost is None:
            with contextlib.suppress(OSError):  # ENOTCONN: a reset has arrived that was not read yet
                self.transport.write_eof()

    def is_closing(self) -> bool:
        return self.transport.is_closing()

    def close(self) -> None:
        """Close after everything written before is sent."""
        self.transport.close()

    def reset(self) -> None:
        """Close at once, with a RST on TCP."""
        sock = self.transport.get_extra_info("socket")
        if sock is not None and not system.is_unix(sock) and sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
        self.transport.abort()

    def mark_closed(self) -> None:
        """Let ``wait_closed`` return, after a HangupWatch has found that the peer is gone."""
        self._closed.set()

    def unread(self) -> int | None:
        """Return how many of the sent bytes the peer has not read; None where the system does not report it (TCP)."""
        sock = self.transport.get_extra_info("socket")
        return None if sock is None or sock.fileno() < 0 else system.unread_bytes(sock)

    async def wait_closed(self) -> None:
        """Wait until the connection is closed in both directions."""
        await self._closed.wait()

    async def end_reason(self) -> str | None:
        """Explain the end of the connection; None if the peer just ended it."""
        return None

    @property
    def fd(self) -> int:
        sock = self.transport.get_extra_info("socket")
        return int(sock.fileno()) if sock is not None else -1

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.extra_info.get(name) or self.transport.get_extra_info(name, default)
