"""HTTP/2 made by h2, a real peer on both sides, for tests of what reads it. Nothing is random or timed."""

from collections.abc import Sequence

from h2.config import H2Configuration
from h2.connection import H2Connection

Fields = Sequence[tuple[str, str]]
GRPC = (("content-type", "application/grpc"),)


def message(content: bytes, compressed: int = 0) -> bytes:
    """A gRPC message with its prefix."""
    return bytes([compressed]) + len(content).to_bytes(4) + content


class Peers:
    """A side that asks and one that answers, both past their settings.

    The steps only say things; ``exchange`` lets them be heard, and gives the bytes.
    """

    def __init__(self) -> None:
        self.asking = H2Connection(H2Configuration(client_side=True))
        self.answering = H2Connection(H2Configuration(client_side=False))
        self.asking.initiate_connection()
        self.answering.initiate_connection()

    def exchange(self) -> tuple[bytes, bytes]:
        """What the two have said since the last time, and what they say to that: (asked, answered)."""
        asked = answered = b""
        while (asks := self.asking.data_to_send()) + (answers := self.answering.data_to_send()):
            self.answering.receive_data(asks)
            self.asking.receive_data(answers)
            asked, answered = asked + asks, answered + answers
        return asked, answered

    def call(self, path: str, *contents: bytes, more: Fields = ()) -> int:
        """All of a call; the number of its stream."""
        stream = self.asking.get_next_available_stream_id()
        head = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost")]
        self.asking.send_headers(stream, [*head, *GRPC, ("te", "trailers"), *more])
        self.asking.send_data(stream, b"".join(map(message, contents)), end_stream=True)
        return stream

    def answer(self, stream: int, *contents: bytes, status: int = 0, more: Fields = ()) -> None:
        """All of an answer: its head, messages, trailers."""
        self.answering.send_headers(stream, [(":status", "200"), *GRPC])
        for content in contents:
            self.answering.send_data(stream, message(content))
        self.answering.send_headers(stream, [("grpc-status", str(status)), *more], end_stream=True)
