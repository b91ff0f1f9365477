"""Sends on the streams of one HTTP/2 connection, as far as the peer's flow control lets it."""

from collections import deque
from collections.abc import Callable, Iterator

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, DataReceived, Event, StreamReset
from h2.exceptions import ProtocolError

from apispy.http2 import Fields
from apispy.replay.client_connection import Channel, ClientDisconnected
from apispy.replay.tunnel_input import TunnelInput


class StreamGone(Exception):
    """The client has reset the stream."""


class Http2Streams:
    """The daemon's side of HTTP/2 on *connection*; *calls*: the daemon makes the requests.

    *received* is what the client has sent and nobody has processed.
    """

    def __init__(self, connection: Channel, received: deque[bytes], *, calls: bool = False) -> None:
        self.http2 = H2Connection(H2Configuration(client_side=calls, validate_outbound_headers=False))
        self.gone: set[int] = set()  # streams that the client has reset
        self.failed = False  # the client has violated the protocol
        self.over = False  # the client has announced the end of the connection
        self._connection, self._received = connection, received
        self.http2.initiate_connection()

    def receive(self) -> Iterator[Event]:
        """Process what was received."""
        while self._received and not self.failed:
            try:
                events = self.http2.receive_data(self._received.popleft())
            except ProtocolError:
                self.failed = True
                return
            for event in events:
                match event:
                    case DataReceived(stream_id=stream, flow_controlled_length=size):
                        self._acknowledge(size or 0, stream or 0)
                    case StreamReset(stream_id=stream) if stream is not None:
                        self.gone.add(stream)
                    case ConnectionTerminated():
                        self.over = True
                yield event
        self._connection.changes.notify()  # windows may have grown

    async def serve(self, received: TunnelInput, process: Callable[[], None]) -> None:
        """Have what comes processed, and send what follows, until the client ends or violates the protocol.

        Raises ClientDisconnected.
        """
        while not self.failed:
            process()
            await self.flush()
            if received.ended and not received.pieces:
                break
            await self._connection.changes.wait_for(lambda: bool(received.pieces or received.ended), None)

    def _acknowledge(self, size: int, stream: int) -> None:
        if not self.over:
            self.http2.acknowledge_received_data(size, stream)

    async def send_head(self, stream: int, fields: Fields, *, ends: bool = False) -> None:
        """Send a header block: a head, or trailers."""
        await self._act(stream, lambda: self.http2.send_headers(stream, fields, end_stream=ends))

    async def send_data(self, stream: int, data: bytes) -> None:
        """Send *data* as far as the client's flow control lets it, and wait for the rest."""
        while data:
            await self.wait(stream, lambda: self.http2.local_flow_control_window(stream) > 0)
            window = self.http2.local_flow_control_window(stream)
            piece = data[: min(window, self.http2.max_outbound_frame_size)]
            data = data[len(piece) :]
            await self._act(stream, lambda piece=piece: self.http2.send_data(stream, piece))  # type: ignore[misc]

    async def end(self, stream: int) -> None:
        await self._act(stream, lambda: self.http2.end_stream(stream))

    async def reset(self, stream: int, error: ErrorCodes = ErrorCodes.INTERNAL_ERROR) -> None:
        await self._act(stream, lambda: self.http2.reset_stream(stream, error))

    async def wait(self, stream: int, condition: Callable[[], bool]) -> None:
        """Wait until *condition* is true. Raises StreamGone, and ClientDisconnected once the client has left."""
        connection = self._connection
        await connection.changes.wait_for(
            lambda: stream in self.gone or connection.disconnected or condition(), None
        )
        self.check(stream)

    def check(self, stream: int) -> None:
        """Raise StreamGone if the client has reset the stream, and ClientDisconnected if it has left."""
        if stream in self.gone:
            raise StreamGone
        if self._connection.disconnected:
            raise ClientDisconnected

    async def flush(self) -> None:
        await self._connection.send(self.http2.data_to_send())

    async def _act(self, stream: int, send: Callable[[], None]) -> None:
        self.check(stream)
        send()
        await self.flush()
