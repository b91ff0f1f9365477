"""HTTP/2 traffic from h2, with a real peer on each side, for tests of parsers. Nothing is random or timed."""

from collections.abc import Sequence

from h2.config import H2Configuration
from h2.connection import H2Connection

Fields = Sequence[tuple[str, str]]
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
