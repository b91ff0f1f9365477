"""One connection as bytes, in the form in which asyncio's streams, and so mitmproxy's handler, have reader and writer.

asyncio's own StreamReader throws away what it holds when the peer resets the connection; a client without apispy
would still have read it. So this one gives the bytes first and the reset afterwards, and remembers that it was one.
"""

import asyncio
import contextlib
import fcntl
import socket
import struct
import sys
import termios
from array import array
from collections import deque
from collections.abc import Callable
from typing import Any

READ, BULK = 256 * 1024, 1024 * 1024
"""Bytes that asyncio asks the kernel for at once, and those that are asked for once there were as many."""

READ_AHEAD = 256 * 1024
"""Bytes taken from the kernel before they are asked for."""

UNREAD = getattr(termios, "TIOCOUTQ", None) if sys.platform == "linux" else None
"""Asks a unix socket how much is in its way, unix(7): SIOCOUTQ has the same number."""

LINGER_RESET = struct.pack("ii", 1, 0)  # SO_LINGER with time 0: closing sends a RST


class Stream(asyncio.Protocol):
    """Reader and writer of one TCP or unix connection, half-closes and resets included."""

    def __init__(self, on_open: Callable[["Stream"], None] | None = None) -> None:
        self._on_open = on_open
        self._transport: asyncio.Transport | None = None
        self._received: deque[bytes] = deque()
        self._ahead = 0
        self._eof = False
        self._lost: Exception | None = None
        self._arrival: asyncio.Event = asyncio.Event()
        self._writable: asyncio.Event = asyncio.Event()
        self._writable.set()
        self._gone: asyncio.Event = asyncio.Event()
        self._take: Callable[[bytes], None] | None = None  # who gets what comes, while it flows
        self._held = 0  # reasons not to read
        self._room: list[Callable[[], None]] = []  # to be called when there is room to write
        self.names: dict[str, Any] = {}  # overrides of get_extra_info, for unix sockets and child processes

    # -- asyncio calls these --

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._on_open is not None:
            self._on_open(self)

    def data_received(self, data: bytes) -> None:
        if len(data) == READ:
            self.transport.max_size = BULK  # type: ignore[attr-defined]  # of asyncio's transports on sockets
        if self._take is not None:
            self._take(data)
            return
        self._received.append(data)
        self._ahead += len(data)
        if self._ahead >= READ_AHEAD:
            self.transport.pause_reading()
        self._arrival.set()

    def eof_received(self) -> bool:
        self._eof = True
        self._arrival.set()
        return True  # only half of the connection is closed

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = exc or ConnectionAbortedError("closed by apispy")
        self._arrival.set()
        self._gone.set()
        self.resume_writing()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()
        waiting, self._room = self._room, []
        for go_on in waiting:
            go_on()

    # -- who carries the connection calls these --

    @property
    def transport(self) -> asyncio.Transport:
        assert self._transport is not None, "used before it was connected"
        return self._transport

    async def read(self, _limit: int = -1) -> bytes:
        """The next bytes as they came; b"" at the end. Raises OSError when the connection was reset or broke."""
        while not self._received:
            if self._eof:
                return b""
            if self._lost is not None:
                raise self._lost if isinstance(self._lost, OSError) else OSError(str(self._lost))
            self._arrival.clear()
            await self._arrival.wait()
        data = self._received.popleft()
        self._ahead -= len(data)
        if self._ahead < READ_AHEAD and not self._held and not self.transport.is_closing():
            self.transport.resume_reading()
        return data

    async def flow(self, take: Callable[[bytes], None]) -> None:
        """Give *take* all that comes, in the moment in which it comes, until the end. Raises as ``read`` does."""
        while self._received:
            take(await self.read())
        self._take = take
        try:
            while not self._eof and self._lost is None:
                self._arrival.clear()
                await self._arrival.wait()
        finally:
            self._take = None
        await self.read()

    def wait_for(self, other: "Stream") -> None:
        """Read nothing more until there is room to write on *other*."""
        if not other._writable.is_set():
            self.hold()
            other._room.append(self.release)

    def hold(self) -> None:
        """Read nothing more until ``release``, as often as this was called."""
        self._held += 1
        self.transport.pause_reading()

    def release(self) -> None:
        self._held -= 1
        if not self._held and not self.transport.is_closing():
            self.transport.resume_reading()

    def write(self, data: bytes) -> None:
        self.transport.write(data)

    async def drain(self) -> None:
        """Wait until there is room to write. Never raises: a lost connection shows when it is read."""
        await self._writable.wait()

    def write_eof(self) -> None:
        """Half-close, after everything written before. Never raises: a lost connection shows when it is read."""
        if self._lost is None:
            with contextlib.suppress(OSError):  # ENOTCONN: a reset is there, and not read yet
                self.transport.write_eof()

    def is_closing(self) -> bool:
        return self.transport.is_closing()

    def close(self) -> None:
        """Close after everything written before has gone out."""
        self.transport.close()

    def reset(self) -> None:
        """Close at once with a RST, as the peer of the other side did."""
        sock = self.transport.get_extra_info("socket")
        if sock is not None and sock.family != socket.AF_UNIX and sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
        self.transport.abort()

    def hung_up(self) -> None:
        """Somebody else learned that the peer is gone."""
        self._gone.set()

    def unread(self) -> int | None:
        """Bytes that were sent and that the peer has not read; None where the system does not tell (TCP)."""
        sock = self.transport.get_extra_info("socket")
        if UNREAD is None or sock is None or sock.family != socket.AF_UNIX or sock.fileno() < 0:
            return None
        count = array("i", [0])
        fcntl.ioctl(sock.fileno(), UNREAD, count)
        return count[0]

    async def gone(self) -> None:
        """Wait until the connection does not exist any more."""
        await self._gone.wait()

    async def why_ended(self) -> str | None:
        """What is known of the reason, beyond that the peer ended it; None when there was nothing wrong."""
        return None

    @property
    def fd(self) -> int:
        sock = self.transport.get_extra_info("socket")
        return int(sock.fileno()) if sock is not None else -1

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.names.get(name) or self.transport.get_extra_info(name, default)
