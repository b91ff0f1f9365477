"""The layer that forwards first.

Every byte goes to the other side verbatim and at once, half-closes included; then a copy goes to the watch. Nothing
is parsed, decoded or formatted before the bytes are on their way, and no fault in reading can hold them up.

A gate (refuse, fault, hold) will sit in ``_from_client``: before the forwarding, on the request's head.
"""

import json
from collections.abc import Iterator

from mitmproxy.connection import ConnectionState
from mitmproxy.proxy import commands, context, events, layer

from apispy.proxy.watch import Watch

LINGER = 10.0
"""Seconds that a client gets to read an answer of our own before its connection is closed."""


class Relay(layer.Layer):
    """Client and daemon, joined. Opens the daemon's connection when it starts, if nobody has."""

    def __init__(self, ctx: context.Context, watch: Watch) -> None:
        super().__init__(ctx)
        self._watch = watch
        self._daemon_spoke = False
        self._refusal: str | None = None  # why there is no daemon

    def handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if self._paused and isinstance(event, events.DataReceived):  # the daemon is being dialled
            self._watch.early(event.data)
        yield from super().handle_event(event)

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        client, server = self.context.client, self.context.server
        match event:
            case events.DataReceived(connection=connection) if connection is client:
                yield from self._from_client(event.data)
            case events.DataReceived():
                self._daemon_spoke = True
                yield commands.SendData(client, event.data)
                self._watch.from_server(event.data)
            case events.ConnectionClosed(connection=connection) if connection is client:
                yield commands.CloseTcpConnection(server, half_close=True)
                self._watch.client_eof()
                if self._refusal is not None:
                    yield commands.CloseConnection(client)
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
        answer = bad_gateway(self._refusal or "", head_only=self._watch.head_only)
        yield commands.SendData(self.context.client, answer)
        yield commands.CloseTcpConnection(self.context.client, half_close=True)
        yield commands.RequestWakeup(LINGER)
        self._watch.from_server(answer)

    def _hooks(self) -> Iterator[commands.Command]:
        while self._watch.hooks:
            hook = self._watch.hooks.popleft()
            hook.blocking = False  # a hook never holds up the bytes
            yield hook


def bad_gateway(reason: str, *, head_only: bool = False) -> bytes:
    """A 502 in the form of the daemon's own errors, so that every client shows it. *head_only*: answer a HEAD."""
    body = json.dumps({"message": f"apispy: {reason}"}).encode() + b"\n"
    head = (
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
    )
    return head if head_only else head + body
