"""The HTTP server of the page: its documents, the answers to its questions, and the feed at "/calls"."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import h11

from apispy.app.web.access import Access, Answer, OpenAccess, WebRequest, refused
from apispy.app.web.connection import Limits, WebConnection
from apispy.app.web.feed import Feed
from apispy.errors import ApispyError

log = logging.getLogger(__name__)

FEED_PATH = "/calls"

Question = Callable[[WebRequest], Awaitable[Answer]]
"""Answers a request that may be made. It changes nothing that the user sees elsewhere."""

EVENTS = Answer(200, b"", "text/event-stream; charset=utf-8")

_NUMBER = re.compile(r"[0-9]{1,18}")

FAILED = refused(500, "An internal error in apispy: there is no answer to this.")

FULL = refused(503, "Too many pages are open: close some.")


class WebServer:
    """Serves *documents* and answers to *questions* by path, and the *feed* at "/calls", to whom *access* allows it.

    *port* 0 takes a free one. *access* gets the host and the real port.

    Raises UsageError if *host* is not one for *access*, and ApispyError from ``start`` if it cannot listen.
    """

    def __init__(
        self,
        documents: Mapping[str, Answer],
        feed: Feed | None = None,
        *,
        questions: Mapping[str, Question] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        access: Callable[[str, int], Access | OpenAccess] = Access,
        limits: Limits | None = None,
    ) -> None:
        self._documents, self._feed, self._questions = documents, feed, questions or {}
        self._host, self._port = host, port
        self._make_access = access
        self._limits = limits or Limits()
        self._access = access(host, port)  # checks the host before anything listens
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The address, with the token if one is needed, once the server has started."""
        return self._access.url

    @property
    def port(self) -> int:
        """The port, the real one once the server has started."""
        return self._port

    async def start(self) -> None:
        """Listen. Raises ApispyError."""
        try:
            self._server = await asyncio.start_server(self._connected, self._host, self._port)
        except OSError as error:
            raise ApispyError(
                f"cannot listen on {self._host} port {self._port}: {error.strerror}; name another port, or 0"
            ) from error
        self._port = self._server.sockets[0].getsockname()[1]
        self._access = self._make_access(self._host, self._port)

    async def close(self) -> None:
        """Stop listening, let open pages read what the feed has, for a moment, and end all connections."""
        if self._server is not None:
            self._server.close()
        if self._feed is not None and self._connections:
            self._feed.end()
            await asyncio.wait(self._connections, timeout=self._limits.closing_seconds)
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        is_full = len(self._connections) >= self._limits.connections
        if len(self._connections) >= 2 * self._limits.connections:  # as many are being refused already
            writer.transport.abort()
            return
        self._connections.add(task)
        connection = WebConnection(reader, writer, self._limits)
        is_done = False
        try:
            with suppress(OSError, TimeoutError, h11.ProtocolError):  # the client left, or does not read
                await (connection.send(FULL) if is_full else self._serve(connection))
                is_done = True
        finally:
            self._connections.discard(task)
            connection.close(at_once=not is_done)

    async def _serve(self, connection: WebConnection) -> None:
        try:
            request = await connection.request()
        except h11.RemoteProtocolError as error:
            await connection.send(
                refused(error.error_status_hint, "This is not a request that a browser sends.")
            )
            return
        if request is None:
            return
        answer, is_head = await self._answer(request), request.method == "HEAD"
        if answer is EVENTS and self._feed is not None and not is_head:
            await connection.stream(answer, self._feed, _last_event(request))
        else:
            await connection.send(answer, head_only=is_head)

    async def _answer(self, request: WebRequest) -> Answer:
        if refusal := self._access.refusal(request):
            return refusal
        if request.path == FEED_PATH and self._feed is not None:
            return EVENTS
        if question := self._questions.get(request.path):
            try:
                return await question(request)
            except Exception:  # a fault here must not end the page
                log.exception("%s cannot be answered", request.path)
                return FAILED
        return self._documents.get(request.path) or refused(404, "There is no such document here.")


def _last_event(request: WebRequest) -> int:
    """Return the number of the last event that the browser got before its connection ended; 0 for none."""
    values = request.all("last-event-id")
    return int(values[0]) if len(values) == 1 and _NUMBER.fullmatch(values[0]) else 0
