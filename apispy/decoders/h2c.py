"""HTTP/2 without TLS, as BuildKit uses it in the tunnels of /session and /grpc: one direction, frame by frame.

Payloads are registry credentials, build secrets and files: of the messages in them, the items have what ``grpc_schema``
lists, and redaction decides what is shown. Source: RFC 9113 (frames) and RFC 7541 (header blocks, which can be decoded
from one direction alone).
"""

from collections.abc import Callable
from typing import Any

from hyperframe.exceptions import HyperframeError
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    HeadersFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
)

from apispy.decoders.base import decoder
from apispy.decoders.grpc import GrpcCalls
from apispy.decoders.grpc_context import GrpcContext
from apispy.decoders.grpc_messages import message_item
from apispy.decoders.grpc_stream import Budget
from apispy.decoders.h2c_frames import NAMES, describe_frame, frame_name
from apispy.http2 import (
    HEADER_SIZE,
    MAX_BLOCK_SIZE,
    PREFACE,
    Fields,
    HeaderBlocks,
    Http2Error,
    Opener,
    data_parts,
    frame_header,
)
from apispy.model import Item
from apispy.structs import replace

FRAME_LIMIT = MAX_BLOCK_SIZE
"""Bytes of a frame that is decoded as a whole. DATA frames may have up to 16 MiB, the most that their header allows."""


@decoder("h2c", by_item=True)
class H2c:
    """HTTP/2 without TLS, as BuildKit uses it. Items of kind "h2c", one per frame, labeled with the frame's type, with
    the [gRPC messages](buildkit.md) in it as children.

    The frames of one header block are one item.
    The values are objects, with the number of the ``stream`` if the frame belongs to one. HEADERS has the result of
    ``GrpcCalls.headers``; DATA has the ``size`` without padding, and in ``messages`` the lengths of the first messages
    that begin in it; the messages that end in it and can be decoded are its children, of kind "message"
    (``GrpcCalls.frame``); a stream's last frame has the result of ``GrpcCalls.end``; for other frames see
    ``describe_frame``. The last item, of kind "grpc", has the result of ``GrpcCalls.counts``. After a problem, bytes
    are only counted.
    """

    def __init__(self, budget: Budget | None = None) -> None:
        self._pending = bytearray()
        self._at = 0  # offset of _pending in the stream
        self._start = 0  # offset of the first byte that no item covers yet
        self._read: Callable[[], list[Item] | None] = self._first  # returns None if it needs more bytes
        self._frame = Frame(0)  # the open frame
        self._left = 0  # bytes left of its payload
        self._padding = 0  # bytes left of the padding after its payload
        self._size = 0  # bytes of its payload
        self._blocks = HeaderBlocks()
        self._calls = GrpcCalls(budget or Budget())

    def join(self, context: GrpcContext) -> None:
        """Share the methods of streams with the decoder of the other direction, so that responses can be decoded."""
        self._calls.methods = context.methods

    def feed(self, data: bytes) -> list[Item]:
        self._pending += data
        items: list[Item] = []
        while self._pending and (found := self._step()) is not None:
            items += found
        return items

    def close(self) -> list[Item]:
        self._drop(len(self._pending))
        items: list[Item] = []
        if self._read == self._raw:
            items.append(self._item("raw", f"{self._at - self._start} bytes, not read", b""))
        elif self._start < self._at:
            items.append(self._item("problem", "cut off", "the stream ends inside a frame or a header block"))
        self._calls.close()
        if counts := self._calls.counts():
            items.append(self._item("grpc", "calls", counts))
        return items

    def _step(self) -> list[Item] | None:
        try:
            return self._read()
        except Http2Error as fault:
            self._read = self._raw
            text = f"at byte {self._start}: {fault}; the bytes from here on are only counted"
            return [Item("problem", "not read", text, (self._start, self._start))]

    # -- steps; each consumes what it can of the pending bytes and sets the next step --

    def _first(self) -> list[Item] | None:
        """Read the preface, if this is the requesting side: on /grpc the API client, on /session the daemon."""
        head = bytes(self._pending[: len(PREFACE)])
        if head != PREFACE[: len(head)]:
            self._read = self._settings
            return []
        if len(head) < len(PREFACE):
            return None
        self._drop(len(PREFACE))
        self._read = self._settings
        return [self._item("h2c", "preface", {})]

    def _settings(self) -> list[Item] | None:
        """Check that the first frame is SETTINGS, as HTTP/2 requires of each side."""
        if len(self._pending) < HEADER_SIZE:
            return None
        if self._pending[3] != SettingsFrame.type:
            raise Http2Error("expected a SETTINGS frame, this is not HTTP/2")
        return self._header()

    def _header(self) -> list[Item] | None:
        if len(self._pending) < HEADER_SIZE:
            return None
        self._frame, self._left = frame_header(bytes(self._pending[:HEADER_SIZE]), self._blocks)
        if isinstance(self._frame, DataFrame):
            return self._open_data(self._frame)
        if type(self._frame) not in NAMES:
            return self._open_content(HEADER_SIZE)
        if self._left > FRAME_LIMIT:
            raise Http2Error(f"a frame has {self._left} bytes, the limit is {FRAME_LIMIT}")
        self._drop(HEADER_SIZE)
        self._read = self._whole
        return self._whole()

    def _whole(self) -> list[Item] | None:
        """Read a frame that is decoded as a whole."""
        if len(self._pending) < self._left:
            return None
        try:
            self._frame.parse_body(memoryview(bytes(self._pending[: self._left])))
        except HyperframeError:
            raise Http2Error(f"a {frame_name(self._frame)} frame is malformed") from None
        self._drop(self._left)
        self._read = self._header
        if isinstance(self._frame, HeadersFrame | PushPromiseFrame | ContinuationFrame):
            block = self._blocks.add(self._frame)
            return [self._header_item(*block)] if block else []
        value = describe_frame(self._frame)
        if isinstance(self._frame, RstStreamFrame):
            value |= self._calls.end(self._frame.stream_id)
        return [self._item("h2c", frame_name(self._frame), value)]

    def _content(self) -> list[Item]:
        """Count the payload of a DATA frame, or of a frame that is not decoded; then skip its padding."""
        step = min(len(self._pending), self._left)
        if isinstance(self._frame, DataFrame):
            self._calls.data(self._frame.stream_id, bytes(self._pending[:step]))
        self._drop(step)
        self._left -= step
        step = min(len(self._pending), self._padding) if not self._left else 0
        self._drop(step)
        self._padding -= step
        if self._left or self._padding:
            return []
        self._read = self._header
        return [self._content_item()]

    def _raw(self) -> list[Item]:
        self._drop(len(self._pending))
        return []

    def _open_data(self, frame: DataFrame) -> list[Item] | None:
        parts = data_parts(frame, self._left, self._pending)
        if parts is None:
            return None
        opening, self._left, self._padding = parts
        return self._open_content(opening)

    def _open_content(self, skip: int) -> list[Item]:
        self._size = self._left
        self._drop(skip)
        self._read = self._content
        return self._content()

    def _content_item(self) -> Item:
        value = describe_frame(self._frame) | {"size": self._size}
        messages: list[dict[str, Any]] = []
        if isinstance(self._frame, DataFrame):
            value["messages"], messages = self._calls.frame(self._frame.stream_id)
            if "END_STREAM" in self._frame.flags:
                value |= self._calls.end(self._frame.stream_id)
        item = self._item("h2c", frame_name(self._frame), value)
        children = tuple(message_item(one, item.span) for one in messages)
        return replace(item, children=children) if children else item

    def _header_item(self, opener: Opener, fields: Fields) -> Item:
        stream = opener.promised_stream_id if isinstance(opener, PushPromiseFrame) else opener.stream_id
        value = self._calls.headers(stream, fields)
        if "END_STREAM" in opener.flags:
            value |= self._calls.end(stream)
        return self._item("h2c", frame_name(opener), value)

    def _drop(self, size: int) -> None:
        del self._pending[:size]
        self._at += size

    def _item(self, kind: str, label: str, value: Any) -> Item:
        """Make an item that covers all bytes read since the last item."""
        start, self._start = self._start, self._at
        return Item(kind, label, value, (start, self._at))
