"""The bytes of one live client's connection: sends to it, and feeds the tap with both directions.

What the tap reads goes to the session's sink and to a ``RequestAssembler``. The modules above decide what to send:
``playback_connection`` (recorded responses), ``tunnel``, ``forward`` and ``request_gate``.
"""

import asyncio
import contextlib
import time
from collections import deque
from typing import Protocol

from apispy.gate import Annotations, ResponseTruncator
from apispy.replay.ordering import ChangeNotifier
from apispy.replay.playback_session import PlaybackSession
from apispy.replay.request_assembler import RequestAssembler
from apispy.sockets import Carrier
from apispy.tap import CLIENT_LEFT, ConnectionTap, Event

MAX_HEAD_WAIT = 0.05
"""Seconds to wait for a client to read the head of a hijacked connection, where the system cannot tell."""

MAX_READ_WAIT = 10.0
"""The same where the system can tell: a client on a busy machine may take long."""


class ClientDisconnected(Exception):
    """The client has disconnected, or a fault has ended the connection."""


class Channel(Protocol):
    """What a client speaks HTTP/2 on: its connection, or a gRPC call whose messages carry HTTP/2."""

    @property
    def session(self) -> PlaybackSession: ...
    @property
    def changes(self) -> ChangeNotifier: ...
    @property
    def input_ended(self) -> bool: ...
    @property
    def disconnected(self) -> bool: ...

    async def send(self, data: bytes) -> None:
        """Send *data*. Raises ClientDisconnected."""
        raise NotImplementedError


class ClientConnection:
    """One connection on *carrier*. *client* describes the client in notices and captures."""

    def __init__(self, session: PlaybackSession, carrier: Carrier, client: str) -> None:
        self.session = session
        self.assembler = RequestAssembler()
        self.received: deque[bytes] | None = deque()  # the client's bytes; None: they are not needed
        self.changes = ChangeNotifier()  # notified when bytes arrive or the client's state changes
        self.input_ended = False  # the client will send no more
        self.disconnected = False  # the client does not read any more either
        self.annotations = Annotations()  # remarks on the call that is under way
        self.response_cut: ResponseTruncator | None = None  # limits the response that is being sent
        self.cut_reason = ""  # the problem to record when the response is cut
        self._carrier = carrier
        self._tap = ConnectionTap(
            next(session.connection_numbers),
            client,
            session.name,
            session.exchange_numbers.__next__,
            session.body_limit,
            digests=True,
        )

    @property
    def tries_http2(self) -> bool:
        """Whether the client began with HTTP/2's preface, and has no answer yet."""
        return self._tap.is_http2

    async def serve(self) -> None:
        """Respond to requests until the connection is over, or raise ClientDisconnected."""
        raise NotImplementedError

    async def run(self) -> None:
        """Serve the connection until either side ends it."""
        reading = asyncio.create_task(self._read())
        try:
            await self.serve()
        except ClientDisconnected:
            pass
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading
            self._process(self._tap.lost(self.session.clock(), CLIENT_LEFT if self.disconnected else ""))
            self._carrier.close()

    def mark_disconnected(self) -> None:
        """Note that the client has disconnected; called when the system reports it."""
        self.disconnected = self.input_ended = True
        self.changes.notify()

    async def _read(self) -> None:
        try:
            while data := await self._carrier.read():
                if self.received is not None:
                    self.received.append(data)
                self._process(self._tap.from_client(data, self.session.clock()))
        except OSError:
            self.disconnected = True
        self.input_ended = True
        self._process(self._tap.client_eof(self.session.clock()))

    def _process(self, events: list[Event]) -> None:
        for event in self.annotations.apply_to(events):
            self.session.sink(event)
            self.assembler.take(event)
        self.changes.notify()

    async def send(self, data: bytes) -> None:
        """Send *data*, up to the response's cut. Raises ClientDisconnected."""
        if not data:
            return
        if self.disconnected or self._carrier.is_closing():
            raise ClientDisconnected
        is_cut = False
        if self.response_cut is not None:
            data, is_cut = self.response_cut.feed(data)
        self._carrier.write(data)
        self._process(self._tap.from_server(data, self.session.clock()))
        if is_cut:
            self.abort(self.cut_reason)
        await self._carrier.drain()

    async def wait_until_read(self) -> None:
        """Wait until the client has read what was sent: MAX_READ_WAIT seconds at most, or MAX_HEAD_WAIT if unknown.

        Some clients (docker-py) lose bytes that arrive together with the head of a hijacked connection. A real daemon
        is not fast enough for this to happen.
        """
        begin = time.monotonic()
        while (unread := self._carrier.unread()) != 0 and not self.disconnected:
            if time.monotonic() - begin > (MAX_HEAD_WAIT if unread is None else MAX_READ_WAIT):
                return
            await asyncio.sleep(0.001)

    def abort(self, reason: str, *, last: bytes = b"", reset: bool = False) -> None:
        """End the connection for a fault, after sending *last*. Raises ClientDisconnected."""
        self._process(self._tap.lost(self.session.clock(), reason))
        if reset:
            self._carrier.reset()
        else:
            self._carrier.write(last)
        raise ClientDisconnected

    def send_eof(self) -> None:
        """Close the daemon's half of the connection."""
        if not self.disconnected and not self._carrier.is_closing():
            self._carrier.write_eof()
        self._process(self._tap.server_eof(self.session.clock()))

    async def wait_for_client_end(self) -> None:
        """Wait until the client has disconnected or closed its half."""
        await self.changes.wait_for(lambda: self.input_ended, None)
