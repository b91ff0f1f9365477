"""mitmproxy's connection handler with what Docker needs of a connection.

It differs from the original in these points, each found by measurement (MITMPROXY.md):

* it dials unix sockets and ssh, not only TCP (10);
* a reset of one side is passed on as a reset, not as a clean end (18);
* back-pressure waits for the other side only, so that a slow reader does not hold up the opposite direction;
* a client that dies after its half-close is noticed at once, and the daemon's side closed;
* hooks come from a table (figures).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from mitmproxy.connection import Client, Connection, ConnectionState
from mitmproxy.master import Master
from mitmproxy.proxy import commands, events, mode_servers, server_hooks
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.proxy.server import ConnectionIO

from apispy.errors import ApispyError
from apispy.proxy.hangup import HangupWatch
from apispy.proxy.hooks import HookTable
from apispy.proxy.stream import Stream

Dial = Callable[[], Awaitable[Stream]]


class Handler(mode_servers.ProxyConnectionHandler):
    """Carries one client's connection. *dial* opens the connection to the daemon; it raises ApispyError."""

    def __init__(
        self,
        master: Master,
        stream: Stream,
        mode: ProxyMode,
        dial: Dial,
        hooks: HookTable,
        hangups: HangupWatch,
    ) -> None:
        super().__init__(master, stream, stream, master.options, mode)  # type: ignore[no-untyped-call]
        self._dial = dial
        self._hooks = hooks
        self._hangups = hangups
        self._was_reset = False

    async def handle_hook(self, hook: commands.StartHook) -> None:
        await self._hooks.fire(hook)

    def stream(self, connection: Connection) -> Stream:
        stream = self.transports[connection].reader
        assert isinstance(stream, Stream)
        return stream

    async def open_connection(self, command: commands.OpenConnection) -> None:
        """Dial the daemon, report, and then carry the connection for its lifetime."""
        server = command.connection
        data = server_hooks.ServerConnectionHookData(client=self.client, server=server)
        await self.handle_hook(server_hooks.ServerConnectHook(data))
        server.timestamp_start = time.time()
        try:
            stream = await self._dial()
        except ApispyError as error:
            server.error = str(error)
            await self.handle_hook(server_hooks.ServerConnectErrorHook(data))
            self.transports.pop(server, None)
            await self.server_event(events.OpenConnectionCompleted(command, server.error))
            return
        server.state = ConnectionState.OPEN
        server.peername = stream.get_extra_info("peername")
        server.sockname = stream.get_extra_info("sockname")
        self.transports[server] = ConnectionIO(asyncio.current_task(), stream, stream)  # type: ignore[arg-type]
        await self.handle_hook(server_hooks.ServerConnectedHook(data))
        await self.server_event(events.OpenConnectionCompleted(command, None))
        try:
            await self.handle_connection(server)
        finally:
            server.timestamp_end = time.time()
            await self.handle_hook(server_hooks.ServerDisconnectedHook(data))

    async def handle_connection(self, connection: Connection) -> None:
        """Read until the end, then keep the other half open for as long as it is used."""
        stream = self.stream(connection)
        try:
            await self._carry(connection, stream)
        finally:
            connection.state = ConnectionState.CLOSED
            self._hangups.forget(stream.fd)
            stream.reset() if self._was_reset else stream.close()
            self.transports.pop(connection, None)

    async def _carry(self, connection: Connection, stream: Stream) -> None:
        try:
            while data := await stream.read():
                await self.server_event(events.DataReceived(connection, data))
                await self._drain_others(connection)
            why = await stream.why_ended()
        except OSError as error:
            why = await stream.why_ended()
            if why is None and connection.tls and not connection.tls_established:
                why = str(error)  # the daemon broke off the handshake: whoever asks is told so
            elif why is None:  # otherwise a child process has ended, and its words say more than a reset
                self._reset(connection, error)
                return
        connection.state &= ~ConnectionState.CAN_READ
        connection.error = connection.error or why
        await self.server_event(events.ConnectionClosed(connection))
        if connection.state is ConnectionState.CAN_WRITE:
            if isinstance(connection, Client):
                self._hangups.watch(stream.fd, lambda reset: self._hung_up(stream, reset))
            await stream.gone()

    async def _drain_others(self, sender: Connection) -> None:
        for connection, io in list(self.transports.items()):
            if connection is not sender and isinstance(io.writer, Stream):
                await io.writer.drain()

    def _hung_up(self, stream: Stream, reset: bool) -> None:
        self._was_reset = self._was_reset or reset
        stream.hung_up()

    def _reset(self, connection: Connection, error: OSError) -> None:
        """One side was reset: so is the other."""
        self._was_reset = True
        connection.error = str(error)
        for other, io in list(self.transports.items()):
            if other is not connection and io.handler is not None:
                io.handler.cancel("the other side was reset")
