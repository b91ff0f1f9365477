"""Responds to the gRPC calls of a client, in a tunnel of /grpc or on a connection of HTTP/2, from the recording.

The client's calls may be in another order than the recorded ones, and in other tunnels: they are found by method and
message. A part of a response waits for the calls that preceded it in the recorded tunnel, and the result of a build for
its session.
"""

import asyncio
import time
from collections.abc import Callable

from h2.events import DataReceived, Event, RequestReceived, StreamEnded
from h2.exceptions import ProtocolError

from apispy import engine
from apispy.http2 import Fields
from apispy.model import Exchange
from apispy.replay.client_connection import ClientConnection, ClientDisconnected
from apispy.replay.grpc_calls import GrpcRequest, RecordedGrpcCall, build_of, cleaning_for, played
from apispy.replay.grpc_nested import NestedConnection
from apispy.replay.grpc_record import EMPTY, HEAD_FIELDS, MessageSplitter, Part, decoded, status_fields
from apispy.replay.grpc_session import GrpcSession
from apispy.replay.http2_streams import Http2Streams, StreamGone
from apispy.replay.miss import Candidate, Miss
from apispy.replay.playback_session import Pace
from apispy.replay.recorded_calls import NESTED_SESSION, SESSION_HEADER, SPANS, RecordedCall
from apispy.replay.tunnel_input import TunnelInput
from apispy.structs import Struct, field

OK = status_fields(0)

UNIMPLEMENTED = 12
"""gRPC's status code for a method that does not exist."""


class LiveCall(Struct):
    """A call that the client makes."""

    fields: Fields
    splitter: MessageSplitter = field(default_factory=MessageSplitter)
    first: bytes | None = None  # its first message
    ended: bool = False
    nested: NestedConnection | None = None  # what its messages carry, if that is a session

    def receive(self, data: bytes) -> None:
        """Take the next bytes of the request."""
        for message in self.splitter.feed(data):
            self.first = self.first or message
            if self.nested is not None:
                self.nested.receive(message)

    def end(self) -> None:
        """Note that the request has ended."""
        self.ended = True
        if self.nested is not None:
            self.nested.end_input()

    @property
    def is_known(self) -> bool:
        """Whether it is known which recorded call this is: by its first message, which a session does not need."""
        return self.first is not None or self.ended or self.nested is not None

    def text(self, name: str) -> str:
        """The value of a header field; "" without it."""
        return dict(self.fields).get(name.encode(), b"").decode("latin-1")


class GrpcPlayback:
    """Serves the tunnel of *recorded*, which a client has opened on *connection*."""

    def __init__(self, connection: ClientConnection, recorded: RecordedCall, received: TunnelInput) -> None:
        self._recorded, self._received = recorded, received
        self._streams = Http2Streams(connection, received.pieces)
        self._responder = GrpcResponder(connection, self._streams, lambda: received.ended)

    async def serve(self) -> None:
        """Respond until the client ends the tunnel. Raises ClientDisconnected."""
        try:
            await self._streams.serve(self._received, self._receive)
        finally:
            self._responder.cancel()

    def _receive(self) -> None:
        for event in self._streams.receive():
            self._responder.process(event)
            if isinstance(event, RequestReceived) and event.stream_id is not None:
                self._responder.start(event.stream_id, self._recorded.exchange)


class GrpcResponder:
    """Responds to the gRPC calls on *streams*, those of *connection* or of a tunnel on it.

    *ended* tells whether the client sends no more on any of them.
    """

    def __init__(
        self, connection: ClientConnection, streams: Http2Streams, ended: Callable[[], bool]
    ) -> None:
        self._connection, self._streams, self._ended = connection, streams, ended
        self._calls: dict[int, LiveCall] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def process(self, event: Event) -> None:
        """Take an event of HTTP/2. A request is responded to after ``start``."""
        match event:
            case RequestReceived(stream_id=stream, headers=fields) if stream is not None:
                call = LiveCall([(bytes(name), bytes(value)) for name, value in fields or ()])
                if engine.lookup("POST", call.text(":path")).operation.id == NESTED_SESSION:
                    call.nested = NestedConnection(self._connection, self._streams, stream)
                self._calls[stream] = call
            case DataReceived(stream_id=stream, data=data) if stream in self._calls:
                self._calls[stream or 0].receive(data or b"")
            case StreamEnded(stream_id=stream) if stream in self._calls:
                self._calls[stream or 0].end()

    def start(self, stream: int, exchange: Exchange) -> None:
        """Respond to the request on *stream*. *exchange*: the live one, or the recorded one of the tunnel."""
        task = asyncio.create_task(self._respond(stream, exchange))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def leave(self, stream: int) -> None:
        """Forget a request that calls no gRPC method."""
        del self._calls[stream]

    def cancel(self) -> None:
        """Stop responding: the client has left."""
        for task in self._tasks:
            task.cancel()

    async def _respond(self, stream: int, exchange: Exchange) -> None:
        try:
            await self._play(stream, self._calls[stream], exchange)
        except (ClientDisconnected, StreamGone, ProtocolError):
            pass  # the client has ended the connection, the call, or HTTP/2
        finally:
            self._streams.gone.discard(stream)
            del self._calls[stream]

    async def _play(self, stream: int, call: LiveCall, exchange: Exchange) -> None:
        session = self._connection.session
        await self._streams.wait(stream, lambda: call.is_known or self._ended())
        method, coding = call.text(":path"), call.text("grpc-encoding").encode()
        message = decoded(method, call.first, request=True, coding=coding) if call.first is not None else None
        live = GrpcRequest(cleaning_for(session.player.redactor, exchange), method, message, time.time())
        build = build_of(call.fields, message)
        await self._wait_for_build(stream, build)
        found = session.player.find_grpc(live, build)
        session.changes.notify()
        if isinstance(found, RecordedGrpcCall) and (why := session.player.grpc.reason_unplayable(found)):
            found = Miss(found.request, Candidate(found, {}), why)
        if isinstance(found, RecordedGrpcCall):
            await self._play_recorded(stream, found, call)
        elif live.call.operation.id == SPANS:  # a daemon takes them without a word, recorded or not
            await self._streams.send_head(stream, HEAD_FIELDS)
            await self._streams.send_data(stream, EMPTY.data)
            await self._streams.send_head(stream, OK, ends=True)
        elif isinstance(found, Miss):
            session.record_grpc_miss(found)
            await self._fail(stream, found.message)

    async def _play_recorded(self, stream: int, found: RecordedGrpcCall, call: LiveCall) -> None:
        try:
            if found.name == NESTED_SESSION:
                await self._play_session(stream, found, call)
            else:
                await self._send_answers(stream, found)
        finally:
            found.parts_played = len(found.answers)
            self._connection.session.changes.notify()

    async def _play_session(self, stream: int, found: RecordedGrpcCall, call: LiveCall) -> None:
        """Play a session in the messages of a call, until the client ends it.

        In a tunnel, as bake opens it for files that several builds share, the daemon of a replay is silent.
        """
        await self._streams.send_head(stream, HEAD_FIELDS)
        nested, name = call.nested, call.text(SESSION_HEADER)
        if nested is not None and found.carrier.is_grpc:
            await GrpcSession(nested, name, nested.received).serve()
        else:
            call.nested = None
            await self._streams.wait(stream, lambda: call.ended)
        await self._streams.send_head(stream, OK, ends=True)

    async def _wait_for_build(self, stream: int, build: str) -> None:
        """Wait until the build that a call names is known: it may come before the call that starts the build."""
        session = self._connection.session
        if build:
            await session.changes.wait_for(
                lambda: stream in self._streams.gone or session.player.knows_build(build),
                session.player.options.patience,
            )
            self._streams.check(stream)

    async def _send_answers(self, stream: int, found: RecordedGrpcCall) -> None:
        session = self._connection.session
        pace = Pace(session.player.options.speed, found.requested_at)
        found.parts_played = 0
        for part in found.answers:
            await session.wait_until_grpc_is_due(found, part.at)
            await pace.wait_until(part.at)
            await self._send_part(stream, played(part, session.player.live_texts()))
            found.parts_played += 1
            session.changes.notify()
        if not found.answers or found.answers[-1].kind != "end":  # it was open when the client left
            await self._streams.wait(stream, self._ended)

    async def _send_part(self, stream: int, part: Part) -> None:
        if part.kind == "message" and part.message is not None:
            await self._streams.send_data(stream, part.message.data)
        elif part.kind == "head":
            await self._streams.send_head(stream, part.fields)
        elif part.fields:
            await self._streams.send_head(stream, part.fields, ends=True)
        elif part.resets:
            await self._streams.reset(stream)
        else:
            await self._streams.end(stream)

    async def _fail(self, stream: int, message: str) -> None:
        """Send an error without messages."""
        fields = HEAD_FIELDS + status_fields(UNIMPLEMENTED, message)
        await self._streams.send_head(stream, fields, ends=True)
