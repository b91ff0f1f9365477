"""A connection of the page's server. It carries one request, and everything that a client could take has a limit.

Source of the format of events: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
from contextlib import suppress

import h11

from apispy.app.web.access import Answer, WebRequest
from apispy.app.web.feed import Batch, Feed
from apispy.outputs.decoded_values import ascii_json
from apispy.structs import Struct

MAX_UNSENT = 256 << 10
"""Bytes that may wait for a client. Beyond that, nothing more is made for it until it has read."""

RETRY = b"retry: 1000\n\n"
"""Milliseconds until a browser connects again after the connection has ended."""

END = b"event: end\ndata: {}\n\n"
"""The last event: the browser need not connect again."""

HEARTBEAT = b": alive\n\n"
"""A comment, which browsers ignore."""


class Limits(Struct, frozen=True):
    """What clients can take."""

    connections: int = 32  # of all clients, which are on this machine
    head_bytes: int = 16 << 10
    head_seconds: float = 10
    unread_seconds: float = (
        60  # for a client that does not read; it may connect again, and learns what it missed
    )
    closing_seconds: float = 1  # for its side of the connection, after the answer
    heartbeat_seconds: float = 15  # after which a comment is sent, so that a dead connection is noticed


class WebConnection:
    """Reads the request and writes the answer. Methods raise OSError and TimeoutError if the client does not."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limits: Limits) -> None:
        self._reader, self._writer, self._limits = reader, writer, limits
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.head_bytes)
        writer.transport.set_write_buffer_limits(high=MAX_UNSENT)

    async def request(self) -> WebRequest | None:
        """Return the request; None if the client left before. Raises h11.RemoteProtocolError if it is not one."""
        async with asyncio.timeout(self._limits.head_seconds):
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self._http.receive_data(await self._reader.read(4096))
        if not isinstance(event, h11.Request):
            return None
        path, _, query = event.target.decode("latin-1").partition("?")
        return WebRequest(event.method.decode("latin-1"), path, query, tuple(event.headers))

    async def send(self, answer: Answer, *, head_only: bool = False) -> None:
        """Send an answer without a feed."""
        length = ("Content-Length", str(len(answer.body)))
        await self._write(_head(answer, length))
        if not head_only:
            await self._write(h11.Data(data=answer.body))
        self._writer.transport.set_write_buffer_limits(high=0)  # wait until all has been read
        await self._write(h11.EndOfMessage())
        await self._let_client_close()

    async def stream(self, answer: Answer, feed: Feed, after: int) -> None:
        """Send *answer*, then the items of *feed* after the number *after*, until the client leaves or it ends."""
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(changed.set)

        gone = asyncio.create_task(self._reader.read(1))
        try:
            with feed.reader():
                await self._write(_head(answer))
                await self._write(h11.Data(data=RETRY))
                while not gone.done():
                    batch = feed.read(after)
                    after = batch.last
                    if events := _events(batch):
                        await self._write(h11.Data(data=events))
                        await asyncio.sleep(0)  # the traffic first
                    elif feed.has_ended:
                        self._writer.transport.set_write_buffer_limits(high=0)  # wait until all has been sent
                        await self._write(h11.Data(data=END))
                        await self._write(h11.EndOfMessage())
                        return
                    else:
                        changed.clear()
                        if feed.sleep(after, wake) and not await self._woken(changed, gone):
                            await self._write(h11.Data(data=HEARTBEAT))
        finally:
            feed.forget(wake)
            gone.cancel()

    async def _let_client_close(self) -> None:
        """Read what else the client sends, for a moment: closing before that would reset its connection."""
        self._writer.write_eof()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.closing_seconds):
                while await self._reader.read(4096):
                    pass

    async def _woken(self, changed: asyncio.Event, gone: "asyncio.Task[bytes]") -> bool:
        """Wait for an item, or for the client to leave. Returns False if it is time for a comment before that."""
        waiting = asyncio.create_task(changed.wait())
        try:
            seconds = self._limits.heartbeat_seconds
            done, _ = await asyncio.wait(
                {waiting, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            return bool(done)
        finally:
            waiting.cancel()

    async def _write(self, event: h11.Event) -> None:
        """Send an event. Waits for the client while it has not read more than MAX_UNSENT bytes."""
        if data := self._http.send(event):
            self._writer.write(data)
        async with asyncio.timeout(self._limits.unread_seconds):
            await self._writer.drain()

    def close(self, *, at_once: bool) -> None:
        """End the connection; *at_once* without what the client has not read."""
        if at_once:
            self._writer.transport.abort()
        else:
            self._writer.close()


def _head(answer: Answer, *more: tuple[str, str]) -> h11.Response:
    headers = [*answer.all_headers(), *more, ("Connection", "close")]
    return h11.Response(status_code=answer.status, headers=headers)


def _events(batch: Batch) -> bytes:
    """Return a batch as server-sent events. One has the number of items that the client missed."""
    texts = []
    if batch.missed:
        number = batch.last - len(batch.messages)
        texts.append(f"id: {number}\nevent: missed\ndata: {ascii_json({'items': batch.missed})}\n\n")
    texts += [f"id: {one.number}\nevent: {one.name}\ndata: {one.json}\n\n" for one in batch.messages]
    return "".join(texts).encode("ascii")
