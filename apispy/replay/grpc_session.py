"""Plays a BuildKit session: in /session the daemon calls, and the client responds.

The daemon's calls are those of the recorded session of the same build, in their order. Each of their parts waits until
the client has responded as far as the recorded one had. A recording without the session's bytes has a daemon that
calls nothing: no client needs it to.
"""

import asyncio
import contextlib
from collections import defaultdict

from h2.errors import ErrorCodes
from h2.events import DataReceived, ResponseReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError

from apispy.replay.client_connection import Channel
from apispy.replay.grpc_calls import played
from apispy.replay.grpc_record import MessageSplitter, Part, TunnelRecord
from apispy.replay.http2_streams import Http2Streams, StreamGone
from apispy.replay.playback_session import Pace
from apispy.replay.tunnel_input import TunnelInput
from apispy.structs import Struct, field


class Response(Struct):
    """What the client has sent on one stream."""

    headed: bool = False
    messages: int = 0  # complete ones
    ended: bool = False
    splitter: MessageSplitter = field(default_factory=MessageSplitter)

    def count(self, part: Part) -> None:
        """Count a part of the recorded response."""
        self.headed = True
        self.messages += part.kind == "message"
        self.ended = self.ended or part.kind == "end"

    def has_reached(self, wanted: "Response") -> bool:
        if self.ended:
            return True
        return (self.headed or not wanted.headed) and self.messages >= wanted.messages and not wanted.ended


class GrpcSession:
    """Plays the session that a client has opened on *connection*, with a request that has *name*."""

    def __init__(self, connection: Channel, name: str, received: TunnelInput) -> None:
        self._connection, self._name, self._received = connection, name, received
        self._streams = Http2Streams(connection, received.pieces, calls=True)
        self._responses: defaultdict[int, Response] = defaultdict(Response)
        self._live_stream: dict[int, int] = {}  # by the recorded one
        self._began = self._ended = False
        self._next = 0  # the place of the part that is played next
        self._record: TunnelRecord | None = None
        connection.session.build_sessions.open(name, self)

    async def serve(self) -> None:
        """Play until the client ends the session. Raises ClientDisconnected."""
        playing = asyncio.create_task(self._play())
        try:
            await self._streams.serve(self._received, self._receive)
        finally:
            playing.cancel()
            self._ended = True
            self._connection.session.changes.notify()

    def has_caught_up(self, at: float) -> bool:
        """Whether everything that was recorded in the session until Unix time *at* has passed through it now."""
        if self._ended:
            return True
        self._finds_record()
        if self._record is None or self._record.is_silent:
            return self._began  # a client whose build ends before its session has begun may wait forever
        steps = [part for part in self._record.parts[self._next :] if part.by_caller]
        if steps and steps[0].at <= at:
            return False
        return self._has_reached(self._progress(at))

    def _receive(self) -> None:
        for event in self._streams.receive():
            self._began = True
            match event:
                case ResponseReceived(stream_id=stream):
                    self._responses[stream or 0].headed = True
                case DataReceived(stream_id=stream, data=data):
                    response = self._responses[stream or 0]
                    response.messages += sum(1 for _ in response.splitter.feed(data or b""))
                case StreamEnded(stream_id=stream) | StreamReset(stream_id=stream):
                    self._responses[stream or 0].ended = True
        self._connection.session.changes.notify()

    async def _play(self) -> None:
        session = self._connection.session
        await session.changes.wait_for(self._finds_record, None)
        record = self._record
        assert record is not None
        if record.is_silent:
            return
        pace = Pace(session.player.options.speed, record.parts[0].at)
        for number, part in enumerate(record.parts):
            if part.by_caller:
                await self._wait_for_progress(record, part.at)
                await pace.wait_until(part.at)
                with contextlib.suppress(StreamGone, ProtocolError):  # the client has ended the call
                    await self._send_part(played(part, session.player.live_texts()))
            self._next = number + 1
        session.changes.notify()

    def _finds_record(self) -> bool:
        """Whether it is known which recorded session this is. The build tells, which may come later."""
        self._record = self._record or self._connection.session.player.session_record(self._name)
        return self._record is not None

    async def _wait_for_progress(self, record: TunnelRecord, at: float) -> None:
        session, wanted = self._connection.session, self._progress(at)
        patience = session.player.options.patience
        if not await self._connection.changes.wait_for(lambda: self._has_reached(wanted), patience):
            awaited = "input that came earlier in the recording"
            session.report_timeout(record.call, awaited, patience)

    def _progress(self, at: float) -> dict[int, Response]:
        """How far the recorded client was at Unix time *at*, by stream."""
        assert self._record is not None
        found: defaultdict[int, Response] = defaultdict(Response)
        for part in self._record.parts:
            if not part.by_caller and part.at < at:
                found[part.stream].count(part)
        return found

    def _has_reached(self, wanted: dict[int, Response]) -> bool:
        return all(
            self._responses[self._live_stream[stream]].has_reached(response)
            for stream, response in wanted.items()
            if stream in self._live_stream
        )

    async def _send_part(self, part: Part) -> None:
        if part.kind == "head":
            stream = self._live_stream[part.stream] = self._streams.http2.get_next_available_stream_id()
            await self._streams.send_head(stream, part.fields)
            return
        stream = self._live_stream[part.stream]
        if part.message is not None:
            await self._streams.send_data(stream, part.message.data)
        elif part.resets:
            await self._streams.reset(stream, ErrorCodes.NO_ERROR)
        else:
            await self._streams.end(stream)
