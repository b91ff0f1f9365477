"""What a client sends in a tunnel, for those who process it later."""

from collections import deque

from apispy.replay.stdin_matching import StdinPosition


class TunnelInput:
    """A StdinMatcher that keeps the client's bytes in *pieces* and compares nothing."""

    problem = ""

    def __init__(self) -> None:
        self.pieces: deque[bytes] = deque()
        self.ended = False

    def feed(self, data: bytes) -> None:
        self.pieces.append(data)

    def close(self) -> None:
        self.ended = True

    def has_reached(self, position: StdinPosition) -> bool:
        return True
