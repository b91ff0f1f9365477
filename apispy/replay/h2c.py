"""The client's side of a BuildKit tunnel: the progress of its gRPC calls, without their content.

The bytes cannot be compared: header blocks, window updates and file times differ from run to run. Each part of the
daemon's output followed a number of client messages on each HTTP/2 stream, so playback waits for that number.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from apispy.decoders.grpc_stream import PREFIX_SIZE
from apispy.http2 import HEADER_SIZE, PREFACE
from apispy.model import Body
from apispy.replay.stdin_matching import StdinPosition

SILENT_DAEMON = PREFACE + bytes(3) + b"\x04" + bytes(5)
"""The output on /session of a daemon that requests nothing: the preface and an empty SETTINGS frame."""

DATA, HEADERS, RST_STREAM = 0, 1, 3
END_STREAM, PADDED = 0x1, 0x8


Progress = dict[int, tuple[int, int, bool]]
"""By stream: header blocks, complete messages, whether it has ended."""


@dataclass(slots=True)
class H2cStream:
    """The progress of one stream."""

    header_blocks: int = 0
    messages: int = 0  # complete ones
    ended: bool = False
    pending: bytearray = field(default_factory=bytearray)  # of the incomplete message

    def feed(self, content: bytes) -> None:
        """Take the content of a DATA frame."""
        self.pending += content
        while len(self.pending) >= PREFIX_SIZE:
            size = PREFIX_SIZE + int.from_bytes(self.pending[1:PREFIX_SIZE])
            if len(self.pending) < size:
                return
            del self.pending[:size]
            self.messages += 1

    def has_reached(self, header_blocks: int, messages: int, ended: bool) -> bool:
        return self.header_blocks >= header_blocks and self.messages >= messages and (self.ended or not ended)


class ProgressReader:
    """Reads one direction of HTTP/2, in whatever pieces it arrives."""

    def __init__(self) -> None:
        self.streams: defaultdict[int, H2cStream] = defaultdict(H2cStream)
        self._pending = bytearray()
        self._past_preface = False

    def feed(self, data: bytes) -> None:
        self._pending += data
        for kind, flags, number, content in self._frames():
            stream = self.streams[number]
            if kind == DATA:
                stream.feed(_unpadded(content, flags))
            elif kind == HEADERS:
                stream.header_blocks += 1
            if kind == RST_STREAM or (kind in (DATA, HEADERS) and flags & END_STREAM):
                stream.ended = True

    def progress(self) -> Progress:
        return {
            number: (stream.header_blocks, stream.messages, stream.ended)
            for number, stream in self.streams.items()
        }

    def has_reached(self, progress: Progress) -> bool:
        return all(self.streams[number].has_reached(*wanted) for number, wanted in progress.items())

    def _frames(self) -> Iterator[tuple[int, int, int, bytes]]:
        """(type, flags, stream, content) of each complete frame."""
        if not self._past_preface:
            if len(self._pending) < len(PREFACE) and PREFACE.startswith(self._pending):
                return
            self._past_preface = True
            if self._pending.startswith(PREFACE):
                del self._pending[: len(PREFACE)]
        while len(self._pending) >= HEADER_SIZE:
            stop = HEADER_SIZE + int.from_bytes(self._pending[:3])
            if len(self._pending) < stop:
                return
            content = bytes(self._pending[HEADER_SIZE:stop])
            kind, flags = self._pending[3], self._pending[4]
            number = int.from_bytes(self._pending[5:HEADER_SIZE]) & 0x7FFFFFFF
            del self._pending[:stop]
            yield kind, flags, number, content


class H2cMatcher:
    """A StdinMatcher that requires the progress of *body*, stream by stream."""

    problem = ""

    def __init__(self, body: Body) -> None:
        self._shown = body.shown
        self._sizes = [0]  # bytes of *body* after each chunk
        self._progress: list[Progress] = [{}]  # after each chunk
        self._live = ProgressReader()
        self._ended = self._began = False
        recorded = ProgressReader()
        for chunk in body.chunks:
            recorded.feed(chunk.data)
            self._sizes.append(self._sizes[-1] + len(chunk.data))
            self._progress.append(recorded.progress())

    def feed(self, data: bytes) -> None:
        self._live.feed(data)
        self._began = True

    def close(self) -> None:
        self._ended = True

    def has_reached(self, position: StdinPosition) -> bool:
        if self._ended:
            return True
        if not self._shown:
            return self._began  # a client whose build ends before its session has begun may wait forever
        if position.ended:
            return False
        return self._live.has_reached(self._progress[bisect_right(self._sizes, position.size) - 1])


def _unpadded(content: bytes, flags: int) -> bytes:
    if not flags & PADDED or not content:
        return content
    return content[1 : max(1, len(content) - content[0])]
