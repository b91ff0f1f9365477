"""Frames of apispy's own in the daemon's direction of a tunnel: the answer to a call that is refused. Sans-IO.

They may only stand between two frames of the daemon's, and after its first. So the daemon's bytes are passed on frame
by frame. The fields are written without HTTP/2's table of earlier fields, which belongs to the daemon.
"""

from urllib.parse import quote

from hpack.hpack import encode_integer
from hyperframe.frame import (
    ContinuationFrame,
    GoAwayFrame,
    HeadersFrame,
    PushPromiseFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from apispy.decoders.grpc import PLAIN
from apispy.gate.actions import MAX_HEAD, final_head_end
from apispy.http2 import END_HEADERS, HEADER_SIZE

PERMISSION_DENIED = 7
"""gRPC's status of a call that the caller may not make."""

PROTOCOL_ERROR = 1

MAX_MESSAGE = 1000
"""Bytes of a message."""

MAX_WHOLE = 1 << 20
"""Bytes of a frame of the daemon's, or of a header block, that are held until it is complete."""

_SWITCHING = b"101"


def refused_call(stream: int, message: str) -> bytes:
    """Return the frame that ends a call with gRPC's status PERMISSION_DENIED."""
    text = quote(message.encode()[:MAX_MESSAGE], safe=PLAIN).encode()
    fields = b"\x88" + b"".join(
        b"\0" + _string(name) + _string(value)
        for name, value in (
            (b"content-type", b"application/grpc"),
            (b"grpc-status", b"%d" % PERMISSION_DENIED),
            (b"grpc-message", text),
        )
    )
    return HeadersFrame(stream, fields, flags=["END_HEADERS", "END_STREAM"]).serialize()


def goodbye(last: int, message: str) -> bytes:
    """Return the frame that ends the connection, for the reason *message*."""
    return GoAwayFrame(0, last, PROTOCOL_ERROR, message.encode()[:MAX_MESSAGE]).serialize()


def window_update(size: int) -> bytes:
    """Return the frame that gives back the room for *size* bytes that the daemon never sees."""
    return WindowUpdateFrame(0, size).serialize()


def _string(text: bytes) -> bytes:
    """Write a string of a header block, without Huffman's code: its length (RFC 7541, 5.1), then its bytes."""
    return bytes(encode_integer(len(text), 7)) + text


class DaemonFrames:
    """The daemon's bytes from its response to the request for a tunnel on. ``feed`` returns those to pass on now."""

    def __init__(self) -> None:
        self._head: bytes | None = b""  # of the response, as far as it was received; None once it is complete
        self._held = bytearray()  # the beginning of a frame, or of a header block
        self._read = 0  # bytes of whole frames in it
        self._follows = True  # the daemon speaks HTTP/2, and its frames are followed
        self._begun = False  # its first frame was passed on
        self._answers = b""  # of apispy's own, which wait for that

    @property
    def lost(self) -> bool:
        """Whether no answer can be sent, because the daemon's frames are not followed."""
        return not self._follows

    def feed(self, data: bytes) -> bytes:
        passed = b""
        if self._head is not None:
            self._head += data
            end = final_head_end(self._head)
            if end is None:
                if len(self._head) > MAX_HEAD:
                    self._head, self._follows = None, False
                return data
            before = len(self._head) - len(data)
            self._follows = self._head[:end].rpartition(b"HTTP/1.1 ")[2].startswith(_SWITCHING)
            self._head = None
            passed, data = data[: max(0, end - before)], data[max(0, end - before) :]
        if not self._follows:
            return passed + data
        self._held += data
        whole = self._take_whole()
        if whole and self._answers and self._begun:
            whole, self._answers = whole + self._answers, b""
        return passed + whole

    def insert(self, answer: bytes, *, last: bool) -> bytes:
        """Return what to send now of an *answer*. *last*: nothing of the daemon's follows, so it waits for nothing."""
        if self.lost:
            return b""
        self._answers += answer
        if not self._begun and not last:
            return b""
        settings = b"" if self._begun else SettingsFrame(0).serialize()
        found, self._answers = settings + self._answers, b""
        self._begun = True
        return found

    def take_rest(self) -> bytes:
        """Return the bytes that are held when the daemon has ended."""
        rest = bytes(self._held)
        self._held.clear()
        return rest

    def _take_whole(self) -> bytes:
        """Remove and return the whole frames; the frames of a header block belong together."""
        at, end = self._read, 0
        while len(self._held) - at >= HEADER_SIZE:
            size = int.from_bytes(self._held[at : at + 3])
            kind, flags = self._held[at + 3], self._held[at + 4]
            if size > MAX_WHOLE or at + size - end > MAX_WHOLE:
                self._follows = False
                return self.take_rest()
            if at + HEADER_SIZE + size > len(self._held):
                break
            at += HEADER_SIZE + size
            if kind not in BLOCK_FRAMES or flags & END_HEADERS:
                end = at
        whole = bytes(self._held[:end])
        del self._held[:end]
        self._read = at - end
        self._begun = self._begun or bool(whole)
        return whole


BLOCK_FRAMES = (HeadersFrame.type, PushPromiseFrame.type, ContinuationFrame.type)
