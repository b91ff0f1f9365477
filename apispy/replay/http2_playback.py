"""Responds to a client that speaks HTTP/2: the requests of all streams at the same time, each from the recording.

gRPC calls are responded to by ``grpc_playback``, as those in tunnels are.
"""

import asyncio
from collections import deque

from h2.events import RequestReceived

from apispy.model import Exchange
from apispy.replay.client_connection import ClientConnection, ClientDisconnected
from apispy.replay.grpc_playback import GrpcResponder
from apispy.replay.http2_streams import Http2Streams, StreamGone
from apispy.replay.miss import Candidate, Miss
from apispy.replay.playback_session import Pace
from apispy.replay.recorded_calls import RecordedCall, is_grpc
from apispy.replay.response import (
    PlayedResponse,
    daemon_disconnected,
    http2_fields,
    miss_response,
    recorded_response,
)
from apispy.replay.substitute import substitution_of
from apispy.structs import replace

IN_HTTP1 = "it was recorded as a tunnel, which a client can only open in HTTP/1.1"


class Http2Playback:
    """Serves *connection*, which began with HTTP/2's preface; *received* is what it has received so far."""

    def __init__(self, connection: ClientConnection, received: deque[bytes]) -> None:
        self._connection = connection
        self._received = received
        self._streams = Http2Streams(connection, received)
        self._grpc = GrpcResponder(connection, self._streams, lambda: connection.input_ended)
        self._unpaired: deque[int] = deque()  # streams whose exchange is not known yet
        self._stream_of: dict[int, int] = {}  # the stream of each open exchange, by number
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Respond until the connection is over. Raises ClientDisconnected."""
        connection, assembler = self._connection, self._connection.assembler
        try:
            while self._receive() and not assembler.failure:
                await self._streams.flush()
                while assembler.requests:
                    self._begin(assembler.requests.popleft())
                if connection.input_ended and not self._received:
                    await self._finish()
                    return
                await connection.changes.wait_for(self._has_work, None)
            await self._streams.flush()
        finally:
            self._grpc.cancel()
            for task in self._tasks:
                task.cancel()

    def _has_work(self) -> bool:
        connection = self._connection
        return bool(
            self._received
            or connection.assembler.requests
            or connection.assembler.failure
            or connection.input_ended
        )

    def _receive(self) -> bool:
        """Process what was received. False: the client violates the protocol, and the connection ends with GOAWAY."""
        for event in self._streams.receive():
            if isinstance(event, RequestReceived) and event.stream_id is not None:
                self._unpaired.append(event.stream_id)
            self._grpc.process(event)
        assembler = self._connection.assembler
        while assembler.opened and self._unpaired:  # the tap and h2 see the same requests in the same order
            exchange, stream = assembler.opened.popleft(), self._unpaired.popleft()
            if is_grpc(exchange.request):
                assembler.leave(exchange)
                self._grpc.start(stream, exchange)
            else:
                self._grpc.leave(stream)
                self._stream_of[exchange.id] = stream
        return not self._streams.failed

    def _begin(self, exchange: Exchange) -> None:
        task = asyncio.create_task(self._respond(exchange, self._stream_of.pop(exchange.id)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _finish(self) -> None:
        """Send the responses that are under way. The client of a gRPC call has left it."""
        self._grpc.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    # -- responses --

    async def _respond(self, exchange: Exchange, stream: int) -> None:
        try:
            await self._play(exchange, stream)
        except (ClientDisconnected, StreamGone):
            pass
        finally:
            self._streams.gone.discard(stream)

    async def _play(self, exchange: Exchange, stream: int) -> None:
        session = self._connection.session
        found = session.player.find(exchange)
        if isinstance(found, RecordedCall):
            if found.times_played == 1:
                session.changes.notify()
            why = found.reason_unplayable or (IN_HTTP1 if found.exchange.tunnel is not None else "")
            if not why:
                await self._play_recorded(found, exchange, stream)
                return
            found = Miss(found.request, Candidate(found, {}), why)
        session.record_miss(replace(found, number=exchange.id))
        await self._send(stream, miss_response(found, exchange.request, session.player.options.on_miss))

    async def _play_recorded(self, recorded: RecordedCall, exchange: Exchange, stream: int) -> None:
        session, options = self._connection.session, self._connection.session.player.options
        if recorded.exchange.response is None:
            await self._end_early(stream, aborted=daemon_disconnected(recorded.exchange))
            return
        substitution = substitution_of(session.player.live_texts())
        response = recorded_response(recorded, exchange.request, substitution)
        pace = Pace(options.speed, recorded.exchange.request.at)

        async def due(at: float) -> None:
            await session.wait_until_due(recorded, at)
            await pace.wait_until(at)

        await due(recorded.exchange.response.at)
        await self._send_head(stream, response)
        for chunk in response.chunks:
            await due(chunk.at)
            await self._streams.send_data(stream, chunk.data)
        if response.ending == "complete":
            await due(response.ended_at)
            await self._send_end(stream, response)
        else:
            await self._end_early(stream, aborted=response.ending == "abort")

    async def _send(self, stream: int, response: PlayedResponse) -> None:
        """Send a whole response at once."""
        await self._send_head(stream, response)
        for chunk in response.chunks:
            await self._streams.send_data(stream, chunk.data)
        await self._send_end(stream, response)

    async def _send_head(self, stream: int, response: PlayedResponse) -> None:
        fields = [(b":status", str(response.status).encode()), *http2_fields(response.headers)]
        await self._streams.send_head(stream, fields)

    async def _send_end(self, stream: int, response: PlayedResponse) -> None:
        if len(response.trailers):
            await self._streams.send_head(stream, list(http2_fields(response.trailers)), ends=True)
        else:
            await self._streams.end(stream)

    async def _end_early(self, stream: int, *, aborted: bool) -> None:
        """Reset the stream, as the recorded daemon broke it off, or wait until the client does."""
        if aborted:
            await self._streams.reset(stream)
        else:
            await self._streams.wait(stream, lambda: self._connection.input_ended)
