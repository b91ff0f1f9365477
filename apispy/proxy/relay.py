"""The layer that forwards first.

Every byte goes to the other side verbatim and at once, half-closes included; then a copy goes to the watch. Nothing
is parsed, decoded or formatted before the bytes are on their way, and no fault in reading can hold them up.

Where something may have to be done to a request first, a ``GatedRelay`` (``gated.py``) takes this one's place.
"""

from collections.abc import Iterator

from mitmproxy.connection import ConnectionState
from mitmproxy.proxy import commands, context, events, layer

from apispy.gate.answers import json_answer
from apispy.proxy.observer import ConnectionObserver

LINGER = 10.0
"""Seconds that a client gets to read an answer of our own before its connection is closed."""


class Relay(layer.Layer):
    """Client and daemon, joined. Opens the daemon's connection when it starts, if nobody has."""

    def __init__(self, ctx: context.Context, watch: ConnectionObserver) -> None:
        super().__init__(ctx)
        self._watch = watch
        self._daemon_spoke = False
        self._refusal: str | None = None  # why there is no daemon

    def handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if self._paused and isinstance(event, events.DataReceived):  # the daemon is being dialled
            self._watch.early(event.data)
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
            self._watch.from_client(data)
        else:
            yield from self._refuse(data)

    def _from_daemon(self, data: bytes) -> layer.CommandGenerator[None]:
        self._daemon_spoke = True
        yield commands.SendData(self.context.client, data)
        self._watch.from_server(data)

    def _client_ended(self) -> layer.CommandGenerator[None]:
        yield commands.CloseTcpConnection(self.context.server, half_close=True)
        self._watch.client_eof()
        if self._refusal is not None:
            yield commands.CloseConnection(self.context.client)

    def _daemon_ended(self) -> layer.CommandGenerator[None]:
        error = self.context.server.error
        if error and not self._daemon_spoke:
            self._refusal = (
                error  # ssh could not connect, or our certificate was refused: a bare end tells nothing
            )
            yield from self._refuse(b"")
            return
        yield commands.CloseTcpConnection(self.context.client, half_close=True)
        self._watch.server_eof()

    def _refuse(self, data: bytes) -> layer.CommandGenerator[None]:
        """Answer in the daemon's place, once a request is there to be answered."""
        self._watch.from_client(data)
        if not self._watch.waiting:
            if not self.context.client.state & ConnectionState.CAN_READ:  # nobody will ask any more
                yield commands.CloseConnection(self.context.client)
            return
        yield from self._end_with(
            json_answer(502, f"apispy: {self._refusal}", head_only=self._watch.head_only)
        )

    def _end_with(self, answer: bytes) -> layer.CommandGenerator[None]:
        """An answer of our own, after which the connection ends."""
        yield commands.SendData(self.context.client, answer)
        yield commands.CloseTcpConnection(self.context.client, half_close=True)
        yield commands.RequestWakeup(LINGER)
        self._watch.from_server(answer)

    def _hooks(self) -> Iterator[commands.Command]:
        while self._watch.hooks:
            hook = self._watch.hooks.popleft()
            hook.blocking = False  # a hook never holds up the bytes
            yield hook
