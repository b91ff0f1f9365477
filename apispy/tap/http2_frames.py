"""The frames of one direction of an HTTP/2 connection, in whatever pieces they arrive. Sans-IO.

They are read more leniently than a peer reads them: the limits of the two peers and flow control are theirs to enforce.
What this reader refuses it cannot follow: malformed frames, and header blocks beyond the limits of ``apispy.http2``.
"""

from collections.abc import Callable, Iterator

from hyperframe.exceptions import HyperframeError
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
)

from apispy.http2 import (
    HEADER_SIZE,
    MAX_BLOCK_SIZE,
    Fields,
    HeaderBlocks,
    Http2Error,
    data_parts,
    frame_header,
)
from apispy.structs import Struct

MAX_FRAME = MAX_BLOCK_SIZE
"""Bytes of a frame other than DATA, whose content is passed on as it arrives."""

WHOLE = (HeadersFrame, PushPromiseFrame, ContinuationFrame, RstStreamFrame, GoAwayFrame, SettingsFrame)
"""The frames that are read as a whole. All others but DATA (PRIORITY, PING, unknown types) are skipped unread."""


class HeaderBlock(Struct, frozen=True):
    """A complete header block. ``ends``: the last of its stream. ``pushed``: a request of the daemon's own."""

    stream: int
    fields: Fields
    ends: bool
    pushed: bool = False


class Content(Struct, frozen=True):
    """A piece of a stream's data. ``ends``: it is the last of its stream."""

    stream: int
    data: bytes
    ends: bool


class StreamReset(Struct, frozen=True):
    stream: int
    error: int


class GoAway(Struct, frozen=True):
    """The sender accepts no new streams. ``last`` is the highest stream that it may have acted on."""

    last: int
    error: int


Part = HeaderBlock | Content | StreamReset | GoAway


class FrameReader:
    """Reads the bytes of one side, without the preface. ``feed`` raises Http2Error if they cannot be read."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._blocks = HeaderBlocks()
        self._read: Callable[[], Part | bool | None] = self._first
        self._frame = Frame(0)  # the open frame
        self._left = 0  # bytes left of its payload
        self._padding = 0  # bytes left of the padding after that

    def feed(self, data: bytes) -> Iterator[Part]:
        """Take the next bytes, and yield the parts that they complete."""
        self._pending += data
        while self._pending and (part := self._read()) is not None:
            if not isinstance(part, bool):
                yield part

    # -- steps: each consumes what it can of the pending bytes; None: more are needed; True: go on --

    def _first(self) -> Part | bool | None:
        """Check that the first frame is SETTINGS, as HTTP/2 requires of each side."""
        if len(self._pending) < HEADER_SIZE:
            return None
        if self._pending[3] != SettingsFrame.type:
            raise Http2Error("its first frame is not SETTINGS, so this is not HTTP/2")
        return self._header()

    def _header(self) -> Part | bool | None:
        if len(self._pending) < HEADER_SIZE:
            return None
        self._frame, self._left = frame_header(bytes(self._pending[:HEADER_SIZE]), self._blocks)
        if isinstance(self._frame, DataFrame):
            return self._open_data(self._frame)
        if self._left > MAX_FRAME:
            raise Http2Error(f"a frame has {self._left} bytes, the limit is {MAX_FRAME}")
        del self._pending[:HEADER_SIZE]
        self._read = self._whole if isinstance(self._frame, WHOLE) else self._skip
        return self._read()

    def _whole(self) -> Part | bool | None:
        if len(self._pending) < self._left:
            return None
        frame = self._frame
        try:
            frame.parse_body(memoryview(bytes(self._pending[: self._left])))
        except HyperframeError:
            raise Http2Error(f"a {type(frame).__name__.removesuffix('Frame')} frame is malformed") from None
        del self._pending[: self._left]
        self._read = self._header
        match frame:
            case HeadersFrame() | PushPromiseFrame() | ContinuationFrame():
                return self._block(frame)
            case RstStreamFrame():
                return StreamReset(frame.stream_id, frame.error_code)
            case GoAwayFrame():
                return GoAway(frame.last_stream_id, frame.error_code)
        return True

    def _block(self, frame: HeadersFrame | PushPromiseFrame | ContinuationFrame) -> Part | bool:
        block = self._blocks.add(frame)
        if block is None:
            return True
        opener, fields = block
        if isinstance(opener, PushPromiseFrame):
            return HeaderBlock(opener.promised_stream_id, fields, ends=False, pushed=True)
        return HeaderBlock(opener.stream_id, fields, "END_STREAM" in opener.flags)

    def _open_data(self, frame: DataFrame) -> Part | bool | None:
        parts = data_parts(frame, self._left, self._pending)
        if parts is None:
            return None
        opening, self._left, self._padding = parts
        del self._pending[:opening]
        if not self._left:
            return self._content()
        self._read = self._content
        return True

    def _content(self) -> Part:
        """Pass on what has arrived of a DATA frame's content."""
        data = bytes(self._pending[: self._left])
        del self._pending[: len(data)]
        self._left -= len(data)
        complete = not self._left
        if complete:
            self._left, self._padding = self._padding, 0
            self._read = self._skip if self._left else self._header
        return Content(self._frame.stream_id, data, complete and "END_STREAM" in self._frame.flags)

    def _skip(self) -> bool:
        """Skip the padding after a DATA frame's content, or a frame that is not read."""
        step = min(len(self._pending), self._left)
        del self._pending[:step]
        self._left -= step
        if not self._left:
            self._read = self._header
        return True
