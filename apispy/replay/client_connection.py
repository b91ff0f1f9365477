"""One live client's bytes: read by the tap as they come, and what is sent to it likewise."""

import asyncio
import contextlib
import time

from apispy.replay.gated import Gated
from apispy.replay.gone import ClientDisconnected
from apispy.replay.playback_session import PlaybackSession
from apispy.replay.pulse import ChangeNotifier
from apispy.replay.request_assembler import RequestAssembler
from apispy.sockets import Carrier
from apispy.tap import ConnectionTap, Event

HEAD_START = 0.05
"""Seconds that a client gets to read the head of a hijacked connection, where it cannot be known that it has."""


class ClientConnection:
    """Carries one connection on *carrier*. What is done with its requests is in ``serve``."""

    def __init__(self, stage: PlaybackSession, carrier: Carrier, client: str) -> None:
        self.stage = stage
        self.inbox = RequestAssembler()
        self.pulse = ChangeNotifier()
        self.left = False  # the client will send no more
        self.gone = False  # nor does it listen
        self._carrier = carrier
        number = next(stage.connections)
        self.gated = Gated(self)
        self._tap = ConnectionTap(
            number, client, stage.name, stage.numbers.__next__, stage.body_limit, digests=True
        )

    async def serve(self) -> None:
        """Answer requests until the connection is over, or raise Gone."""
        raise NotImplementedError

    async def run(self) -> None:
        """Until it ends, whoever ends it."""
        reading = asyncio.create_task(self._read())
        try:
            await self.serve()
        except ClientDisconnected:
            pass
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading
            self._hear(self._tap.lost(self.stage.clock()))
            self._carrier.close()

    def hung_up(self) -> None:
        """Somebody else learned that the client has gone altogether."""
        self.gone = self.left = True
        self.pulse.beat()

    async def _read(self) -> None:
        try:
            while data := await self._carrier.read():
                self._hear(self._tap.from_client(data, self.stage.clock()))
        except OSError:
            self.gone = True
        self.left = True
        self._hear(self._tap.client_eof(self.stage.clock()))

    def _hear(self, events: list[Event]) -> None:
        for event in events:
            self.stage.sink(self.gated.said(event))
            self.inbox.take(event)
        self.pulse.beat()
        if self.inbox.in_session:
            self.stage.pulse.beat()

    async def send(self, data: bytes) -> None:
        """Raises Gone."""
        if not data:
            return
        if self.gone or self._carrier.is_closing():
            raise ClientDisconnected
        data, ends = self.gated.allowed(data)
        self._carrier.write(data)
        self._hear(self._tap.from_server(data, self.stage.clock()))
        if ends:
            self.end(ends)
        await self._carrier.drain()

    async def until_read(self) -> None:
        """Until the client has read what was sent, as far as one can tell.

        Some (docker-py) lose what comes in one piece with the head of a hijacked connection; daemons are not so quick.
        """
        end = time.monotonic() + HEAD_START
        while time.monotonic() < end and self._carrier.unread() != 0 and not self.gone:
            await asyncio.sleep(0.001)

    def end(self, why: str, *, last: bytes = b"", reset: bool = False) -> None:
        """Break off, as a fault wants it, after the bytes *last*. Raises Gone."""
        self._hear(self._tap.lost(self.stage.clock(), why))
        if reset:
            self._carrier.reset()
        else:
            self._carrier.write(last)
        raise ClientDisconnected

    def send_end(self) -> None:
        """Our half of the connection ends."""
        if not self.gone and not self._carrier.is_closing():
            self._carrier.write_eof()
        self._hear(self._tap.server_eof(self.stage.clock()))

    async def until_left(self) -> None:
        """Until the client has gone, or closed its half."""
        await self.pulse.until(lambda: self.left, None)
