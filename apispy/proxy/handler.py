"""mitmproxy's connection handler, extended by what Docker needs of a connection.

It differs from the original in these points, each found by measurement (the numbers are sections of MITMPROXY.md):

* it connects to unix sockets and through ssh, not only to TCP (10);
* it passes a reset of one side on as a reset, not as a clean end (18);
* back-pressure waits for the other side only, so a slow reader does not delay the opposite direction;
* it notices at once when a client that had half-closed its connection is gone, and closes the daemon's side;
* it finds hooks in a table (figures);
* it processes data in the callback in which it arrives, without waking up a task, and has no timer for idle
  connections (docs/speed.md).
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from functools import partial
from typing import Any

from mitmproxy.connection import Client, Connection, ConnectionState
from mitmproxy.proxy import commands, events, mode_servers, server_hooks
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import Layer
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.proxy.server import ConnectionIO

from apispy.errors import ApispyError
from apispy.proxy.gated_relay import Delay, Question, ResetClient
from apispy.proxy.hooks import HookTable
from apispy.proxy.master import Master
from apispy.sockets.hangup import HangupWatch
from apispy.sockets.stream import Stream
from apispy.tap import CLIENT_LEFT, CLIENT_RESET, DAEMON_LEFT, DAEMON_RESET

log = logging.getLogger(__name__)

Dial = Callable[[], Awaitable[Stream]]


class Handler(mode_servers.ProxyConnectionHandler):
    """Handles one client's connection, and the one to the daemon that belongs to it.

    *layers* makes the layers between the client and the daemon. *dial* connects to the daemon; it raises ApispyError.
    *throttle* is called with each stream from which data has come.
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
            await self._delay(hook.seconds)
        elif isinstance(hook, Question):
            with self._not_reading():
                hook.allowed = await hook.action.ask(hook.action.question)
        elif isinstance(hook, ResetClient):
            self._reset_client()
        else:
            await self._hooks.fire(hook)

    async def _delay(self, seconds: float) -> None:
        with self._not_reading():
            await asyncio.sleep(seconds)

    @contextlib.contextmanager
    def _not_reading(self) -> Iterator[None]:
        """Read nothing meanwhile, so that waiting needs no memory."""
        streams = [self.stream(connection) for connection, io in self.transports.items() if io.reader]
        for stream in streams:
            stream.pause_reading()
        yield
        for stream in streams:
            stream.resume_reading()

    def _reset_client(self) -> None:
        self._was_reset = True
        handler = self.transports[self.client].handler if self.client in self.transports else None
        if handler is not None:
            handler.cancel("reset by apispy")

    async def handle_client(self) -> None:
        """Handle the client's connection until its end, and then end the daemon's."""
        await self.handle_hook(server_hooks.ClientConnectedHook(self.client))
        self.transports[self.client].handler = asyncio.current_task()
        self._dispatch(events.Start())
        try:
            await self.handle_connection(self.client)
        except asyncio.CancelledError:
            pass  # a layer closed the connection, or apispy ends
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
        """Pass *event* to the layers and execute their commands. Events that occur meanwhile are processed after it."""
        self._events.append(event)
        if self._busy:
            return
        self._busy = True
        try:
            while self._events:
                try:
                    for command in self.layer.handle_event(self._events.popleft()):
                        self._execute(command)
                except Exception:
                    log.exception("a layer failed")
        finally:
            self._busy = False

    def _execute(self, command: commands.Command) -> None:
        match command:
            case commands.SendData(connection=connection, data=data):
                io = self.transports.get(connection)
                writable = connection.state & ConnectionState.CAN_WRITE  # not after a half-close
                if (
                    writable
                    and io is not None
                    and isinstance(io.writer, Stream)
                    and not io.writer.is_closing()
                ):
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
            self._tasks.add(task)  # the event loop keeps no reference
            task.add_done_callback(self._tasks.discard)
        return task

    def stream(self, connection: Connection) -> Stream:
        stream = self.transports[connection].reader
        assert isinstance(stream, Stream)
        return stream

    async def open_connection(self, command: commands.OpenConnection) -> None:
        """Connect to the daemon, report the result to the layers, and then handle the connection until its end."""
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
        """Read until the end, then keep the other half open as long as it is used."""
        stream = self.stream(connection)
        try:
            await self._read_until_end(connection, stream)
        finally:
            connection.state = ConnectionState.CLOSED
            stream.reset() if self._was_reset else stream.close()
            self.transports.pop(connection, None)

    async def _read_until_end(self, connection: Connection, stream: Stream) -> None:
        try:
            await stream.deliver_to(partial(self._arrived, connection, stream))
            reason = await stream.end_reason()
        except OSError as error:
            reason = await stream.end_reason()
            if reason is None and connection.tls and not connection.tls_established:
                reason = str(
                    error
                )  # the daemon aborted the handshake: the client gets the reason in a response
            elif reason is None:  # else a child process has ended, and its message says more than a reset
                self._reset_others(connection, error)
                return
        connection.state &= ~ConnectionState.CAN_READ
        connection.error = connection.error or reason
        await self.server_event(events.ConnectionClosed(connection))
        if connection.state is ConnectionState.CAN_WRITE:
            on_hangup = partial(self._hung_up, stream)
            forget = self._hangups.watch(stream.fd, on_hangup) if isinstance(connection, Client) else None
            try:
                await stream.wait_closed()
            finally:
                if forget is not None:
                    forget()

    def _arrived(self, connection: Connection, stream: Stream, data: bytes) -> None:
        self._dispatch(events.DataReceived(connection, data))
        for other, io in self.transports.items():
            if other is not connection and isinstance(io.writer, Stream):
                stream.pause_until_writable(io.writer)
        self._throttle(stream)

    def _hung_up(self, stream: Stream, reset: bool) -> None:
        if reset:
            self._was_reset = True
            self.client.error = self.client.error or CLIENT_RESET
        stream.mark_closed()

    def _reset_others(self, connection: Connection, error: OSError) -> None:
        """Reset the other side after *connection* was reset."""
        self._was_reset = True
        connection.error = _reason(connection, error)
        for other, io in list(self.transports.items()):
            if other is not connection and io.handler is not None:
                io.handler.cancel("the other side was reset")


def _reason(connection: Connection, error: OSError) -> str:
    """Say which side broke *connection* off, and how."""
    is_client = isinstance(connection, Client)
    match error:
        case ConnectionResetError():
            return CLIENT_RESET if is_client else DAEMON_RESET
        case BrokenPipeError():  # it had closed its socket before apispy wrote to it
            return CLIENT_LEFT if is_client else DAEMON_LEFT
    return f"the connection to the {'client' if is_client else 'daemon'} broke: {error.strerror or error}"
