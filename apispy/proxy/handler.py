"""mitmproxy's connection handler with what Docker needs of a connection.

It differs from the original in these points, each found by measurement (MITMPROXY.md):

* it dials unix sockets and ssh, not only TCP (10);
* a reset of one side is passed on as a reset, not as a clean end (18);
* back-pressure waits for the other side only, so that a slow reader does not hold up the opposite direction;
* a client that dies after its half-close is noticed at once, and the daemon's side closed;
* hooks come from a table (figures);
* what comes goes through the layers in the moment in which it comes, without a task that wakes up for it, and nobody
  watches for idle connections (docs/speed.md).
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from mitmproxy.connection import Client, Connection, ConnectionState
from mitmproxy.master import Master
from mitmproxy.proxy import commands, events, mode_servers, server_hooks
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import Layer
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.proxy.server import ConnectionIO

from apispy.errors import ApispyError
from apispy.proxy.gated import Delay, ResetClient
from apispy.proxy.hooks import HookTable
from apispy.sockets.hangup import HangupWatch
from apispy.sockets.stream import Stream

log = logging.getLogger(__name__)

Dial = Callable[[], Awaitable[Stream]]


class Handler(mode_servers.ProxyConnectionHandler):
    """Carries one client's connection.

    *layers* makes the layers between the client and the daemon. *dial* opens the connection to the daemon; it raises
    ApispyError. *throttle* is told of the stream that has brought something.
    """

    def __init__(
        self,
        master: Master,
        stream: Stream,
        mode: ProxyMode,
        layers: Callable[[Context], Layer],
        dial: Dial,
        hooks: HookTable,
        hangups: HangupWatch,
        throttle: Callable[[Stream], None],
    ) -> None:
        super().__init__(master, stream, stream, master.options, mode)  # type: ignore[no-untyped-call]
        self.layer = layers(self.layer.context)
        self._events: deque[events.Event] = deque()
        self._busy = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._dial = dial
        self._hooks = hooks
        self._hangups = hangups
        self._throttle = throttle
        self._was_reset = False

    async def handle_hook(self, hook: commands.StartHook) -> None:
        if isinstance(hook, Delay):
            await self._hold(hook.seconds)
        elif isinstance(hook, ResetClient):
            self._reset_client()
        else:
            await self._hooks.fire(hook)

    async def _hold(self, seconds: float) -> None:
        """The layer waits; and nothing more is read meanwhile, so that the wait costs no memory."""
        streams = [self.stream(connection) for connection, io in self.transports.items() if io.reader]
        for stream in streams:
            stream.hold()
        await asyncio.sleep(seconds)
        for stream in streams:
            stream.release()

    def _reset_client(self) -> None:
        self._was_reset = True
        handler = self.transports[self.client].handler if self.client in self.transports else None
        if handler is not None:
            handler.cancel("reset by apispy")

    async def handle_client(self) -> None:
        """Carry the client's connection until its end, and then end the daemon's."""
        await self.handle_hook(server_hooks.ClientConnectedHook(self.client))
        self.transports[self.client].handler = asyncio.current_task()
        self._dispatch(events.Start())
        try:
            await self.handle_connection(self.client)
        except asyncio.CancelledError:
            pass  # by a command of a layer, or because apispy ends
        for timer in self.wakeup_timer:
            timer.cancel()
        self.client.timestamp_end = time.time()
        await self.handle_hook(server_hooks.ClientDisconnectedHook(self.client))
        left = [io.handler for io in self.transports.values() if io.handler is not None]
        for handler in left:
            handler.cancel("client disconnected")
        if left:
            await asyncio.wait(left)

    async def server_event(self, event: events.Event) -> None:
        self._dispatch(event)

    def _dispatch(self, event: events.Event) -> None:
        """Let the layers have *event*, and do what they say. One that comes up meanwhile waits for its turn."""
        self._events.append(event)
        if self._busy:
            return
        self._busy = True
        try:
            while self._events:
                try:
                    for command in self.layer.handle_event(self._events.popleft()):
                        self._do(command)
                except Exception:
                    log.exception("a layer failed")
        finally:
            self._busy = False

    def _do(self, command: commands.Command) -> None:
        match command:
            case commands.SendData(connection=connection, data=data):
                io = self.transports.get(connection)
                if io is not None and isinstance(io.writer, Stream) and not io.writer.is_closing():
                    io.writer.write(data)
            case commands.OpenConnection():
                handler = self._task(self.open_connection(command))
                if not handler.done():
                    self.transports.setdefault(command.connection, ConnectionIO(handler=handler))
            case commands.RequestWakeup():
                self.wakeup_timer.add(self._task(self.wakeup(command)))
            case commands.CloseConnection(connection=connection) if connection in self.transports:
                half = isinstance(command, commands.CloseTcpConnection) and command.half_close
                self.close_connection(connection, half)
            case commands.StartHook():
                self._task(self.hook_task(command))
            case commands.Log():
                log.log(command.level, command.message)

    def _task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        if not task.done():
            self._tasks.add(task)  # the event loop itself does not keep it alive
            task.add_done_callback(self._tasks.discard)
        return task

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
            stream.reset() if self._was_reset else stream.close()
            self.transports.pop(connection, None)

    async def _carry(self, connection: Connection, stream: Stream) -> None:
        try:
            await stream.flow(partial(self._arrived, connection, stream))
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
            told = partial(self._hung_up, stream)
            forget = self._hangups.watch(stream.fd, told) if isinstance(connection, Client) else None
            try:
                await stream.gone()
            finally:
                if forget is not None:
                    forget()

    def _arrived(self, connection: Connection, stream: Stream, data: bytes) -> None:
        self._dispatch(events.DataReceived(connection, data))
        for other, io in self.transports.items():
            if other is not connection and isinstance(io.writer, Stream):
                stream.wait_for(io.writer)
        self._throttle(stream)

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
