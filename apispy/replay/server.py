"""Listens for live clients and serves their connections until stopped."""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable

from apispy.endpoints import Listen
from apispy.replay.playback_connection import PlaybackConnection
from apispy.replay.playback_session import PlaybackSession
from apispy.sockets import (
    Carrier,
    HangupWatch,
    PlaintextClient,
    Stream,
    TlsStream,
    local_peer,
    open_listener,
)

log = logging.getLogger(__name__)

PROTOCOLS = ["h2", "http/1.1"]
"""What a daemon selects from the application protocols that a TLS client offers (ALPN), the first first."""

SHUTDOWN_TIMEOUT = 0.5
"""Seconds that open connections get to send what is in their buffers when the server ends."""

CLOSE_TIMEOUT = 2.0
"""Seconds that a refused client has to read the reason."""

HANDSHAKE_TIMEOUT = 10.0
"""Seconds that a client gets for the TLS handshake."""


class Server:
    """Plays *session* at *listen*; *tls*: see ``sockets.listening_context``. Runs inside an event loop."""

    def __init__(self, session: PlaybackSession, listen: Listen, tls: ssl.SSLContext | None = None) -> None:
        self._session, self._listen = session, listen
        self._context = tls
        if tls is not None and session.speaks_http2:
            tls.set_alpn_protocols(PROTOCOLS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = asyncio.Event()

    async def run(self, started: Callable[[Listen], None]) -> None:
        """Listen, call *started* with the real address, serve until stopped. Raises ApispyError."""
        self._loop = asyncio.get_running_loop()
        self._hangups = HangupWatch()
        listener = await open_listener(self._listen, self._accepted)
        try:
            started(listener.where)
            await self._stopped.wait()
        finally:
            listener.close()
            for task in self._tasks:
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=SHUTDOWN_TIMEOUT)
            self._hangups.close()

    def stop(self) -> None:
        """Stop the server; may be called from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopped.set)

    # -- connections --

    def _accepted(self, stream: Stream) -> None:
        task = asyncio.create_task(self._serve(stream))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, stream: Stream) -> None:
        client = self._client(stream)
        carrier: Carrier = stream
        try:
            if self._context is not None:
                carrier = await self._secured(stream, self._context)
            connection = PlaybackConnection(self._session, carrier, client)
            unwatch = self._hangups.watch(stream.fd, lambda _: connection.mark_disconnected())
            try:
                await connection.run()
            finally:
                unwatch()
        except PlaintextClient as error:
            self._session.on_message(f"refused {client}: {error}")
            await self._until_closed(stream)
        except OSError as error:
            reason = error.reason if isinstance(error, ssl.SSLError) and error.reason else str(error)
            self._session.on_message(f"refused {client}: {reason.replace('_', ' ').lower()}")
        except Exception as error:  # a bug in apispy must not end other connections, nor go unreported
            log.exception("a connection failed")
            self._session.on_message(
                f"internal error in apispy, closed the connection of {client}: {error!r}"
            )
        finally:
            stream.close()

    async def _until_closed(self, stream: Stream) -> None:
        """Wait until the client has read why it was refused: closing before that could reset the connection."""
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                while await stream.read():
                    pass

    async def _secured(self, stream: Stream, context: ssl.SSLContext) -> TlsStream:
        secured = TlsStream(stream, context)
        await asyncio.wait_for(secured.handshake(), HANDSHAKE_TIMEOUT)
        return secured

    def _client(self, stream: Stream) -> str:
        """A description of the client: "docker (pid 812)" on a local socket, else its address and port."""
        if self._listen.is_local:
            command, pid = local_peer(stream)
            return f"{command} (pid {pid})"
        host, port = stream.transport.get_extra_info("peername")[:2]
        return f"{host}:{port}"
