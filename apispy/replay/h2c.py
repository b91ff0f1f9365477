"""The client's side of a BuildKit tunnel: how far its gRPC calls are, not what they say.

Bytes cannot be compared there: header blocks, window updates and the times of files differ from run to run. What the
daemon said came after so many messages of the client on each stream; that is waited for.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from apispy.model import Body
from apispy.replay.stdin_matching import Mark

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

SILENT_DAEMON = PREFACE + bytes(3) + b"\x04" + bytes(5)
"""What a daemon says on /session that asks for nothing: the preface, and settings of which none is set."""

HEADER = 9
"""Bytes before each frame's content: its size (24 bits), type, flags, stream (31 bits). RFC 9113, section 4.1."""

DATA, HEADERS, RESET = 0, 1, 3
END_STREAM, PADDED = 0x1, 0x8

PREFIX = 5
"""Bytes before each gRPC message: whether it is compressed, its size."""


State = dict[int, tuple[int, int, bool]]
"""Of each stream: how many header blocks, how many complete messages, whether it has ended."""


@dataclass(slots=True)
class H2cStream:
    """How far one stream is."""

    heads: int = 0
    messages: int = 0  # complete ones
    ended: bool = False
    pending: bytearray = field(default_factory=bytearray)

    def data(self, content: bytes) -> None:
        self.pending += content
        while len(self.pending) >= PREFIX:
            size = PREFIX + int.from_bytes(self.pending[1:PREFIX])
            if len(self.pending) < size:
                return
            del self.pending[:size]
            self.messages += 1

    def as_far_as(self, heads: int, messages: int, ended: bool) -> bool:
        return self.heads >= heads and self.messages >= messages and (self.ended or not ended)


class Progress:
    """Reads one direction of HTTP/2, however it is cut."""

    def __init__(self) -> None:
        self.streams: defaultdict[int, H2cStream] = defaultdict(H2cStream)
        self._pending = bytearray()
        self._began = False

    def feed(self, data: bytes) -> None:
        self._pending += data
        for kind, flags, number, content in self._frames():
            stream = self.streams[number]
            if kind == DATA:
                stream.data(_unpadded(content, flags))
            elif kind == HEADERS:
                stream.heads += 1
            if kind == RESET or (kind in (DATA, HEADERS) and flags & END_STREAM):
                stream.ended = True

    def state(self) -> State:
        """How far each stream is."""
        return {
            number: (stream.heads, stream.messages, stream.ended) for number, stream in self.streams.items()
        }

    def as_far_as(self, state: State) -> bool:
        return all(self.streams[number].as_far_as(*far) for number, far in state.items())

    def _frames(self) -> Iterator[tuple[int, int, int, bytes]]:
        if not self._began:
            if len(self._pending) < len(PREFACE) and PREFACE.startswith(self._pending):
                return
            self._began = True
            if self._pending.startswith(PREFACE):
                del self._pending[: len(PREFACE)]
        while len(self._pending) >= HEADER:
            stop = HEADER + int.from_bytes(self._pending[:3])
            if len(self._pending) < stop:
                return
            content = bytes(self._pending[HEADER:stop])
            kind, flags = self._pending[3], self._pending[4]
            number = int.from_bytes(self._pending[5:HEADER]) & 0x7FFFFFFF
            del self._pending[:stop]
            yield kind, flags, number, content


class H2cMatcher:
    """A Talk that must get as far as *body* was, call by call."""

    problem = ""

    def __init__(self, body: Body) -> None:
        self._shown = body.shown
        self._sizes = [0]
        self._states: list[State] = [{}]
        self._live = Progress()
        self._ended = self._began = False
        recorded = Progress()
        for chunk in body.chunks:
            recorded.feed(chunk.data)
            self._sizes.append(self._sizes[-1] + len(chunk.data))
            self._states.append(recorded.state())

    def heard(self, data: bytes) -> None:
        self._live.feed(data)
        self._began = True

    def ended(self) -> None:
        self._ended = True

    def reached(self, mark: Mark) -> bool:
        if self._ended:
            return True
        if not self._shown:
            return self._began  # a client whose build ends before its session has begun may wait for ever
        if mark.ended:
            return False
        return self._live.as_far_as(self._states[bisect_right(self._sizes, mark.size) - 1])


def _unpadded(content: bytes, flags: int) -> bytes:
    if not flags & PADDED or not content:
        return content
    return content[1 : max(1, len(content) - content[0])]
