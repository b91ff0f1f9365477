"""The mitmproxy layer that forwards the bytes of a connection.

It forwards every byte verbatim and at once, half-closes included, and then gives a copy to the observer. Nothing is
parsed, decoded or formatted before the bytes are on their way, and no error in parsing can delay them.

Where a request may have to be changed or refused first, a ``GatedRelay`` (``gated_relay.py``) takes its place.
"""

from collections.abc import Iterator

from mitmproxy.connection import ConnectionState
from mitmproxy.proxy import commands, context, events, layer

from apispy.gate import error_response
from apispy.proxy.observers import ConnectionObserver

CLOSE_DELAY = 10.0
"""Seconds that a client has to read a response of apispy's own before its connection is closed."""


class Relay(layer.Layer):
    """Joins the client and the daemon. Connects to the daemon when it starts, unless another layer has."""

    def __init__(self, ctx: context.Context, observer: ConnectionObserver) -> None:
        super().__init__(ctx)
        self._observer = observer
        self._daemon_sent_data = False
        self._refusal: str | None = None  # why there is no connection to the daemon

    def handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if self._paused and isinstance(event, events.DataReceived):  # still connecting to the daemon
            self._observer.early(event.data)
        yield from super().handle_event(event)

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        client = self.context.client
        match event:
            case events.DataReceived(connection=connection) if connection is client:
                yield from self._from_client(event.data)
            case events.DataReceived():
                yield from self._from_daemon(event.data)
            case events.ConnectionClosed(connection=connection) if connection is client:
                yield from self._client_ended()
            case events.ConnectionClosed():
                yield from self._daemon_ended()
            case events.Start():
                yield from self._start()
            case events.Wakeup():
                yield commands.CloseConnection(client)
        yield from self._hooks()

    def _start(self) -> layer.CommandGenerator[None]:
        server = self.context.server
        if server.state is ConnectionState.CLOSED:
            self._refusal = yield commands.OpenConnection(server)

    def _from_client(self, data: bytes) -> layer.CommandGenerator[None]:
        if self._refusal is None:
            yield commands.SendData(self.context.server, data)
            self._observer.from_client(data)
        else:
            yield from self._refuse(data)

    def _from_daemon(self, data: bytes) -> layer.CommandGenerator[None]:
        self._daemon_sent_data = True
        yield commands.SendData(self.context.client, data)
        self._observer.from_server(data)

    def _client_ended(self) -> layer.CommandGenerator[None]:
        yield commands.CloseTcpConnection(self.context.server, half_close=True)
        self._observer.client_eof()
        if self._refusal is not None:
            yield commands.CloseConnection(self.context.client)

    def _daemon_ended(self) -> layer.CommandGenerator[None]:
        error = self.context.server.error
        if error and not self._daemon_sent_data:
            # ssh could not connect, or the daemon refused apispy's certificate: a bare end would not explain that
            self._refusal = error
            yield from self._refuse(b"")
            return
        yield commands.CloseTcpConnection(self.context.client, half_close=True)
        self._observer.server_eof()

    def _refuse(self, data: bytes) -> layer.CommandGenerator[None]:
        """Respond in place of the daemon, once there is a request to respond to.

        HTTP/2's preface is responded to at once, in HTTP/1 as an old daemon does: many clients wait for the daemon's
        first frame before they send a request.
        """
        self._observer.from_client(data)
        if not self._can_respond:  # an earlier request was responded to
            return
        if not self._observer.awaits_response and not self._observer.is_http2:
            if not self.context.client.state & ConnectionState.CAN_READ:  # no request can follow
                yield commands.CloseConnection(self.context.client)
            return
        yield from self._end_with(
            error_response(502, f"apispy: {self._refusal}", head_only=self._observer.head_only)
        )

    @property
    def _can_respond(self) -> bool:
        """Whether apispy can send a response of its own: not after an end was sent to the client."""
        return bool(self.context.client.state & ConnectionState.CAN_WRITE)

    def _end_with(self, response: bytes) -> layer.CommandGenerator[None]:
        """Send a response of apispy's own, and end the connection after it."""
        yield commands.SendData(self.context.client, response)
        yield commands.CloseTcpConnection(self.context.client, half_close=True)
        yield commands.RequestWakeup(CLOSE_DELAY)
        self._observer.from_server(response)

    def _hooks(self) -> Iterator[commands.Command]:
        while self._observer.hooks:
            hook = self._observer.hooks.popleft()
            hook.blocking = False  # a hook never delays bytes
            yield hook
