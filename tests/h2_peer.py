"""HTTP/2 traffic from h2, with a real peer on each side, for tests of parsers. Nothing is random or timed."""

import socket
from collections.abc import Sequence

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded

from tests.protobuf_writer import pb

Fields = Sequence[tuple[str, str]]
SESSION = "/moby.buildkit.v1.Control/Session"
GRPC = (("content-type", "application/grpc"),)


def message(content: bytes, compressed: int = 0) -> bytes:
    """Return a gRPC message with its prefix."""
    return bytes([compressed]) + len(content).to_bytes(4) + content


class Peers:
    """An HTTP/2 client and server, both of which have exchanged their settings.

    The steps only queue data; ``exchange`` delivers it, and returns the bytes.
    """

    def __init__(self) -> None:
        self.client = H2Connection(H2Configuration(client_side=True))
        self.server = H2Connection(H2Configuration(client_side=False))
        self.client.initiate_connection()
        self.server.initiate_connection()

    def exchange(self) -> tuple[bytes, bytes]:
        """Deliver all queued data and the reactions to it; return the bytes (from the client, from the server)."""
        from_client = from_server = b""
        while (sent := self.client.data_to_send()) + (replied := self.server.data_to_send()):
            self.server.receive_data(sent)
            self.client.receive_data(replied)
            from_client, from_server = from_client + sent, from_server + replied
        return from_client, from_server

    def call(self, path: str, *contents: bytes, more: Fields = ()) -> int:
        """Queue a complete call; return its stream id."""
        stream = self.client.get_next_available_stream_id()
        head = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost")]
        self.client.send_headers(stream, [*head, *GRPC, ("te", "trailers"), *more])
        self.client.send_data(stream, b"".join(map(message, contents)), end_stream=True)
        return stream

    def answer(self, stream: int, *contents: bytes, status: int = 0, more: Fields = ()) -> None:
        """Queue a complete response: head, messages, trailers."""
        self.server.send_headers(stream, [(":status", "200"), *GRPC])
        for content in contents:
            self.server.send_data(stream, message(content))
        self.server.send_headers(stream, [("grpc-status", str(status)), *more], end_stream=True)

    def request(
        self, method: str, path: str, body: bytes = b"", more: Fields = (), *, ends: bool = True
    ) -> int:
        """Queue a request of the REST API; return its stream id. *ends*: the request is complete."""
        stream = self.client.get_next_available_stream_id()
        head = [(":method", method), (":scheme", "http"), (":authority", "docker"), (":path", path), *more]
        self.client.send_headers(stream, head, end_stream=ends and not body)
        if body:
            self.client.send_data(stream, body, end_stream=ends)
        return stream

    def respond(
        self,
        stream: int,
        body: bytes = b"",
        status: int = 200,
        more: Fields = (("content-type", "application/json"),),
        trailers: Fields = (),
    ) -> None:
        """Queue a complete response of the REST API."""
        self.server.send_headers(
            stream, [(":status", str(status)), *more], end_stream=not body and not trailers
        )
        if body:
            self.server.send_data(stream, body, end_stream=not trailers)
        if trailers:
            self.server.send_headers(stream, trailers, end_stream=True)


class Session:
    """The session of a build on a native connection: HTTP/2 in the messages of Control/Session. The daemon calls."""

    def __init__(self, outer: Peers, more: Fields = ()) -> None:
        self.outer, self.inner = outer, Peers()
        client = outer.client
        self.stream = client.get_next_available_stream_id()
        head = [(":method", "POST"), (":scheme", "http"), (":path", SESSION), (":authority", "localhost")]
        client.send_headers(self.stream, [*head, *GRPC, ("te", "trailers"), *more])

    def begin(self) -> None:
        """Queue the response, once the request is delivered."""
        self.outer.server.send_headers(self.stream, [(":status", "200"), *GRPC])

    def queue(self) -> None:
        """Queue what was queued in the session, and the reactions to it, in the outer connection."""
        asked, answered = self.inner.exchange()
        for side, data in ((self.outer.server, asked), (self.outer.client, answered)):
            if data:
                side.send_data(self.stream, message(pb({1: data})))

    def end(self) -> None:
        """Queue the end of the session."""
        self.outer.client.end_stream(self.stream)
        self.outer.server.send_headers(self.stream, [("grpc-status", "0")], end_stream=True)


class EchoServer:
    """One connection of a daemon that speaks HTTP/2: it answers each request with its method, path and body."""

    def __init__(self) -> None:
        self._http2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._http2.initiate_connection()
        self._asked: dict[int, tuple[dict[str, str], bytearray]] = {}

    def feed(self, data: bytes) -> bytes:
        """Take the client's bytes; return those to send."""
        for event in self._http2.receive_data(data):
            match event:
                case RequestReceived():
                    self._asked[event.stream_id] = dict(event.headers), bytearray()
                case DataReceived():
                    self._asked[event.stream_id][1].extend(event.data)
                    self._http2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                case StreamEnded():
                    self._answer(event.stream_id)
        return self._http2.data_to_send()

    def serve(self, connection: socket.socket, received: bytearray) -> None:
        """Serve *connection* to its end; append its bytes to *received*. Like Go, send nothing before the preface."""
        while data := connection.recv(1 << 16):
            received += data
            connection.sendall(self.feed(data))

    def _answer(self, stream: int) -> None:
        fields, body = self._asked.pop(stream)
        content = f"{fields[':method']} {fields[':path']} ".encode() + bytes(body)
        self._http2.send_headers(stream, [(":status", "200"), ("content-type", "text/plain")])
        self._http2.send_data(stream, content, end_stream=True)


def receive_responses(connection: socket.socket, client: H2Connection, count: int) -> dict[int, bytes]:
    """Receive until *count* streams have ended; return their bodies by stream."""
    bodies: dict[int, bytes] = {}
    ended: set[int] = set()
    while len(ended) < count:
        data = connection.recv(1 << 16)
        assert data, "the connection ended early"
        for event in client.receive_data(data):
            if isinstance(event, DataReceived):
                bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
            elif isinstance(event, StreamEnded):
                ended.add(event.stream_id)
        connection.sendall(client.data_to_send())
    return bodies
