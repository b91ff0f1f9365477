"""What a client sends in a tunnel, for those who process it later."""

from collections import deque

from apispy.replay.client_connection import Channel
from apispy.replay.stdin_matching import StdinPosition


class TunnelInput:
    """A StdinMatcher that keeps in *pieces* what comes on *connection*, and compares nothing."""

    problem = ""

    def __init__(self, connection: Channel) -> None:
        self.pieces: deque[bytes] = deque()
        self._connection = connection
        self._closed = False

    @property
    def ended(self) -> bool:
        """Whether the client sends no more. The tap does not say so of a tunnel that it gave up reading."""
        return self._closed or self._connection.input_ended

    def feed(self, data: bytes) -> None:
        self.pieces.append(data)

    def close(self) -> None:
        self._closed = True

    def has_reached(self, position: StdinPosition) -> bool:
        return True
