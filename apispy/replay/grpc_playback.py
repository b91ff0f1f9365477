"""Responds to the gRPC calls that a client makes in a tunnel of /grpc, each from the recording.

The client's calls may be in another order than the recorded ones, and in other tunnels: they are found by method and
message. A part of a response waits for the calls that preceded it in the recorded tunnel, and the result of a build for
its session.
"""

import asyncio
import time
from dataclasses import dataclass, field

from h2.events import DataReceived, RequestReceived, StreamEnded
from h2.exceptions import ProtocolError

from apispy.http2 import Fields
from apispy.replay.client_connection import ClientConnection, ClientDisconnected
from apispy.replay.grpc_calls import NESTED_SESSION, SPANS, GrpcRequest, RecordedGrpcCall, build_of, played
from apispy.replay.grpc_record import EMPTY, HEAD_FIELDS, MessageSplitter, Part, decoded, status_fields
from apispy.replay.http2_streams import Http2Streams, StreamGone
from apispy.replay.miss import Candidate, Miss
from apispy.replay.playback_session import Pace
from apispy.replay.recorded_calls import RecordedCall
from apispy.replay.tunnel_input import TunnelInput

OK = status_fields(0)

UNIMPLEMENTED = 12
"""gRPC's status code for a method that does not exist."""


@dataclass(slots=True)
class LiveCall:
    """A call that the client makes."""

    fields: Fields
    splitter: MessageSplitter = field(default_factory=MessageSplitter)
    first: bytes | None = None  # its first message
    ended: bool = False


class GrpcPlayback:
    """Serves the tunnel of *recorded*, which a client has opened on *connection*."""

    def __init__(self, connection: ClientConnection, recorded: RecordedCall, received: TunnelInput) -> None:
        self._connection, self._recorded, self._received = connection, recorded, received
        self._streams = Http2Streams(connection, received.pieces)
        self._calls: dict[int, LiveCall] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Respond until the client ends the tunnel. Raises ClientDisconnected."""
        try:
            await self._streams.serve(self._received, self._receive)
        finally:
            for task in self._tasks:
                task.cancel()

    def _receive(self) -> None:
        for event in self._streams.receive():
            match event:
                case RequestReceived(stream_id=stream, headers=fields) if stream is not None:
                    self._calls[stream] = LiveCall(
                        [(bytes(name), bytes(value)) for name, value in fields or ()]
                    )
                    task = asyncio.create_task(self._respond(stream))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
                case DataReceived(stream_id=stream, data=data) if stream in self._calls:
                    call = self._calls[stream or 0]
                    for message in call.splitter.feed(data or b""):
                        call.first = call.first or message
                case StreamEnded(stream_id=stream) if stream in self._calls:
                    self._calls[stream or 0].ended = True

    async def _respond(self, stream: int) -> None:
        try:
            await self._play(stream, self._calls[stream])
        except (ClientDisconnected, StreamGone, ProtocolError):
            pass  # the client has ended the tunnel, the call, or HTTP/2 in the tunnel
        finally:
            self._streams.gone.discard(stream)
            del self._calls[stream]

    async def _play(self, stream: int, call: LiveCall) -> None:
        session = self._connection.session
        await self._streams.wait(stream, lambda: call.first is not None or call.ended)
        method = dict(call.fields).get(b":path", b"").decode("latin-1")
        message = decoded(method, call.first, request=True) if call.first is not None else None
        cleaning = session.player.redactor.for_exchange(self._recorded.exchange)
        live = GrpcRequest(cleaning, method, message, time.time())
        build = build_of(call.fields, message)
        await self._wait_for_build(stream, build)
        found = session.player.find_grpc(live, build)
        session.changes.notify()
        if isinstance(found, RecordedGrpcCall) and (why := session.player.grpc.reason_unplayable(found)):
            found = Miss(found.request, Candidate(found, {}), why)
        if isinstance(found, RecordedGrpcCall):
            await self._play_recorded(stream, found, call)
        elif method == SPANS:
            await self._streams.send_head(stream, HEAD_FIELDS)
            await self._streams.send_data(stream, EMPTY.data)
            await self._streams.send_head(stream, OK, ends=True)
        elif isinstance(found, Miss):
            session.record_grpc_miss(found)
            await self._fail(stream, found.message)

    async def _play_recorded(self, stream: int, found: RecordedGrpcCall, call: LiveCall) -> None:
        try:
            if found.method == NESTED_SESSION:
                await self._streams.send_head(stream, HEAD_FIELDS)
                await self._streams.wait(stream, lambda: call.ended)
                await self._streams.send_head(stream, OK, ends=True)
            else:
                await self._send_answers(stream, found)
        finally:
            found.parts_played = len(found.answers)
            self._connection.session.changes.notify()

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
            await self._streams.wait(stream, lambda: self._received.ended)

    async def _send_part(self, stream: int, part: Part) -> None:
        if part.kind == "message" and part.message is not None:
            await self._streams.send_data(stream, part.message.data)
        elif part.kind == "head":
            await self._streams.send_head(stream, part.fields)
        elif part.fields:
            await self._streams.send_head(stream, part.fields, ends=True)
        else:
            await self._streams.reset(stream)

    async def _fail(self, stream: int, message: str) -> None:
        """Send an error without messages."""
        fields = HEAD_FIELDS + status_fields(UNIMPLEMENTED, message)
        await self._streams.send_head(stream, fields, ends=True)
