"""Listens, and carries connections of live clients, until stopped."""

import asyncio
import logging
import ssl
from collections.abc import Callable

from apispy.endpoints import Listen
from apispy.replay.connection import Connection
from apispy.replay.playback_session import PlaybackSession
from apispy.sockets import Carrier, HangupWatch, Stream, TlsStream, open_listener, unix_peer

log = logging.getLogger(__name__)

GRACE = 0.5
"""Seconds that open connections get to send what is in their buffers when the server ends."""

HANDSHAKE = 10.0
"""Seconds that a client gets for TLS."""


class Server:
    """Plays *stage* at *listen*; *tls*: see ``sockets.listening_context``. Runs inside an event loop."""

    def __init__(self, stage: PlaybackSession, listen: Listen, tls: ssl.SSLContext | None = None) -> None:
        self._stage, self._listen = stage, listen
        self._context = tls
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
                await asyncio.wait(self._tasks, timeout=GRACE)
            self._hangups.close()

    def stop(self) -> None:
        """From any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopped.set)

    # -- connections --

    def _accepted(self, stream: Stream) -> None:
        task = asyncio.create_task(self._carry(stream))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, stream: Stream) -> None:
        client = self._client(stream)
        carrier: Carrier = stream
        try:
            if self._context is not None:
                carrier = await self._secured(stream, self._context)
            connection = Connection(self._stage, carrier, client)
            forget = self._hangups.watch(stream.fd, lambda _: connection.hung_up())
            try:
                await connection.run()
            finally:
                forget()
        except OSError as error:
            reason = error.reason if isinstance(error, ssl.SSLError) and error.reason else str(error)
            self._stage.say(f"refused {client}: {reason.replace('_', ' ').lower()}")
        except Exception as fault:  # a bug of ours must end neither the others nor in silence
            log.exception("a connection failed")
            self._stage.say(f"a fault in apispy, the connection of {client} is over: {fault!r}")
        finally:
            stream.close()

    async def _secured(self, stream: Stream, context: ssl.SSLContext) -> TlsStream:
        secured = TlsStream(stream, context)
        await asyncio.wait_for(secured.handshake(), HANDSHAKE)
        return secured

    def _client(self, stream: Stream) -> str:
        if self._listen.kind == "unix":
            command, pid = unix_peer(stream.transport.get_extra_info("socket"))
            return f"{command} (pid {pid})"
        host, port = stream.transport.get_extra_info("peername")[:2]
        return f"{host}:{port}"
