"""The session of a build in the messages of a gRPC call, as ``grpc_session`` plays it: what they carry is a connection.

Its client is that of the call. ``decoders.grpc_session`` reads the same messages.
"""

import asyncio

from apispy.decoders.grpc_session import DATA, carried
from apispy.decoders.grpc_stream import PREFIX_SIZE
from apispy.decoders.protobuf import ProtobufError, written_bytes
from apispy.replay.client_connection import Channel
from apispy.replay.grpc_encoding import with_prefix
from apispy.replay.http2_streams import Http2Streams
from apispy.replay.tunnel_input import TunnelInput


class NestedConnection:
    """A connection in the messages on *stream* of *streams*, which are those of the connection *outer*."""

    def __init__(self, outer: Channel, streams: Http2Streams, stream: int) -> None:
        self.session, self.changes = outer.session, outer.changes
        self.received = TunnelInput(self)
        self._outer, self._streams, self._stream = outer, streams, stream
        self._ended = False
        self._sending = asyncio.Lock()  # a message is sent whole, however long the client's window is closed

    @property
    def disconnected(self) -> bool:
        return self._outer.disconnected or self._stream in self._streams.gone

    @property
    def input_ended(self) -> bool:
        return self._ended or self.disconnected or self._outer.input_ended

    def receive(self, message: bytes) -> None:
        """Take a message of the client. One that carries nothing that can be read ends the session."""
        try:
            self.received.feed(carried(message[PREFIX_SIZE:]))
        except ProtobufError:
            self._ended = True

    def end_input(self) -> None:
        """Note that the client sends no more."""
        self._ended = True

    async def send(self, data: bytes) -> None:
        """Send *data* in a message. Raises StreamGone, ClientDisconnected."""
        if data:
            async with self._sending:
                await self._streams.send_data(self._stream, with_prefix(written_bytes(DATA, data)))
