"""Responds to a client that speaks HTTP/2: the requests of all streams at the same time, each from the recording."""

import asyncio
from collections import deque
from collections.abc import Callable

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, RequestReceived, StreamReset
from h2.exceptions import ProtocolError

from apispy.model import Exchange, Headers
from apispy.replay.client_connection import ClientConnection, ClientDisconnected
from apispy.replay.miss import Candidate, Miss
from apispy.replay.playback_session import Pace
from apispy.replay.recorded_calls import RecordedCall
from apispy.replay.response import (
    PlayedResponse,
    daemon_disconnected,
    miss_response,
    one_line_fields,
    recorded_response,
)
from apispy.replay.substitute import substitution_of

HOP_BY_HOP = frozenset((b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"))
"""Header fields that HTTP/2 does not have (RFC 9113, section 8.2.2)."""

IN_HTTP1 = "it was recorded as a tunnel, which a client can only open in HTTP/1.1"


class StreamGone(Exception):
    """The client has reset the stream."""


class Http2Playback:
    """Serves *connection*, which began with HTTP/2's preface; *received* is what it has received so far."""

    def __init__(self, connection: ClientConnection, received: deque[bytes]) -> None:
        self._connection = connection
        self._received = received
        self._http2 = H2Connection(H2Configuration(client_side=False, validate_outbound_headers=False))
        self._unpaired: deque[int] = deque()  # streams whose exchange is not known yet
        self._streams: dict[int, int] = {}  # the stream of each open exchange, by number
        self._gone: set[int] = set()  # open streams that the client has reset
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Respond until the connection is over. Raises ClientDisconnected."""
        connection, assembler = self._connection, self._connection.assembler
        self._http2.initiate_connection()
        try:
            while await self._receive() and not assembler.failure:
                await self._flush()
                while assembler.requests:
                    self._begin(assembler.requests.popleft())
                if connection.input_ended and not self._received:
                    await self._finish()
                    return
                await connection.changes.wait_for(self._has_work, None)
            await self._flush()
        finally:
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

    async def _receive(self) -> bool:
        """Process what was received. False: it violates the protocol, and the connection ends with GOAWAY."""
        opened = self._connection.assembler.opened
        while self._received:
            try:
                events = self._http2.receive_data(self._received.popleft())
            except ProtocolError:
                return False
            for event in events:
                match event:
                    case RequestReceived(stream_id=stream) if stream is not None:
                        self._unpaired.append(stream)
                    case DataReceived(stream_id=stream, flow_controlled_length=size):
                        self._http2.acknowledge_received_data(size or 0, stream or 0)
                    case StreamReset(stream_id=stream) if stream is not None:
                        self._gone.add(stream)
        while opened and self._unpaired:  # the tap and h2 see the same requests in the same order
            self._streams[opened.popleft()] = self._unpaired.popleft()
        self._connection.changes.notify()  # windows may have grown
        return True

    def _begin(self, exchange: Exchange) -> None:
        task = asyncio.create_task(self._respond(exchange, self._streams.pop(exchange.id)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _finish(self) -> None:
        """Send the responses that are under way."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    # -- responses --

    async def _respond(self, exchange: Exchange, stream: int) -> None:
        try:
            await self._play(exchange, stream)
        except (ClientDisconnected, StreamGone):
            pass
        finally:
            self._gone.discard(stream)

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
        session.record_miss(found)
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
            await self._send_data(stream, chunk.data)
        if response.ending == "complete":
            await due(response.ended_at)
            await self._send_end(stream, response)
        else:
            await self._end_early(stream, aborted=response.ending == "abort")

    async def _send(self, stream: int, response: PlayedResponse) -> None:
        """Send a whole response at once."""
        await self._send_head(stream, response)
        for chunk in response.chunks:
            await self._send_data(stream, chunk.data)
        await self._send_end(stream, response)

    async def _send_head(self, stream: int, response: PlayedResponse) -> None:
        fields = [(b":status", str(response.status).encode()), *_fields(response.headers)]
        await self._act(stream, lambda: self._http2.send_headers(stream, fields))

    async def _send_data(self, stream: int, data: bytes) -> None:
        """Send *data* as far as the client's flow control lets it, and wait for the rest."""
        while data:
            await self._wait(stream, lambda: self._http2.local_flow_control_window(stream) > 0)
            window = self._http2.local_flow_control_window(stream)
            piece = data[: min(window, self._http2.max_outbound_frame_size)]
            data = data[len(piece) :]
            await self._act(stream, lambda piece=piece: self._http2.send_data(stream, piece))  # type: ignore[misc]

    async def _send_end(self, stream: int, response: PlayedResponse) -> None:
        if len(response.trailers):
            fields = _fields(response.trailers)
            await self._act(stream, lambda: self._http2.send_headers(stream, fields, end_stream=True))
        else:
            await self._act(stream, lambda: self._http2.end_stream(stream))

    async def _end_early(self, stream: int, *, aborted: bool) -> None:
        """Reset the stream, as the recorded daemon broke it off, or wait until the client does."""
        if aborted:
            await self._act(stream, lambda: self._http2.reset_stream(stream, ErrorCodes.INTERNAL_ERROR))
        else:
            await self._wait(stream, lambda: self._connection.input_ended)

    async def _wait(self, stream: int, condition: Callable[[], bool]) -> None:
        """Wait until *condition* is true. Raises StreamGone, and ClientDisconnected once the client has left."""
        connection = self._connection
        await connection.changes.wait_for(
            lambda: stream in self._gone or connection.disconnected or condition(), None
        )
        self._check(stream)

    async def _act(self, stream: int, send: Callable[[], None]) -> None:
        self._check(stream)
        send()
        await self._flush()

    def _check(self, stream: int) -> None:
        if stream in self._gone:
            raise StreamGone
        if self._connection.disconnected:
            raise ClientDisconnected

    async def _flush(self) -> None:
        await self._connection.send(self._http2.data_to_send())


def _fields(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [
        (name.lower(), value) for name, value in one_line_fields(headers) if name.lower() not in HOP_BY_HOP
    ]
