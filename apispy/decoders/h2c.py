"""HTTP/2 without TLS, as BuildKit speaks it in the tunnels of /session and /grpc: one direction, frame by frame.

What the frames carry is counted and not kept: it is registry credentials, secrets of a build, and its files. Source:
RFC 9113 (frames) and RFC 7541 (header blocks; what a direction needs to unpack them stands all in it).
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
from apispy.decoders.grpc import Calls
from apispy.decoders.h2c_frames import NAMES, about, name_of
from apispy.decoders.h2c_headers import BLOCK_LIMIT, Fields, HeaderBlocks, Malformed, Opener
from apispy.model import Item

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What the side that asks says first: on /grpc the API client, on /session the daemon."""

HEADER = 9
"""Bytes before each frame's content: its size (24 bits), type, flags, stream (31 bits)."""

FRAME_LIMIT = BLOCK_LIMIT
"""Bytes of a frame that must be read whole. DATA may have as many as its header can say, 16 MiB."""


@decoder("h2c", discreet=True)
class H2c:
    """HTTP/2 without TLS, as BuildKit uses it. Items of kind "h2c", one per frame, labelled with the frame's type.

    The frames of one header block are one item.
    Their values are objects, with the number of the ``stream`` if they belong to one. Of HEADERS they hold what
    ``Calls.headers`` gives; of DATA the ``size`` without padding, and in ``messages`` the lengths of the first
    messages that begin there; of a stream's last frame what ``Calls.end`` gives; of others see ``about``. At the end
    one item of kind "grpc" holds what ``Calls.counts`` gives. After a problem bytes are only counted.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        self._at = 0  # of _pending, in the stream
        self._start = 0  # of what has no item yet
        self._read: Callable[[], list[Item] | None] = self._first  # None: more bytes are needed
        self._frame = Frame(0)  # the open one
        self._left = 0  # of its content
        self._padding = 0  # after its content
        self._size = 0  # of its content, all
        self._blocks = HeaderBlocks()
        self._calls = Calls()

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
        if counts := self._calls.counts():
            items.append(self._item("grpc", "calls", counts))
        return items

    def _step(self) -> list[Item] | None:
        try:
            return self._read()
        except Malformed as fault:
            self._read = self._raw
            text = f"at byte {self._start}: {fault}; from here on the bytes are only counted"
            return [Item("problem", "not read", text, (self._start, self._start))]

    # -- what is read next; each takes what it can from the pending bytes --

    def _first(self) -> list[Item] | None:
        """The preface, if this side is the one that asks."""
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
        """Each side begins with its settings; what does not is no HTTP/2."""
        if len(self._pending) < HEADER:
            return None
        if self._pending[3] != SettingsFrame.type:
            raise Malformed("expected a SETTINGS frame, this is not HTTP/2")
        return self._header()

    def _header(self) -> list[Item] | None:
        if len(self._pending) < HEADER:
            return None
        try:
            self._frame, self._left = Frame.parse_frame_header(memoryview(bytes(self._pending[:HEADER])))
        except HyperframeError:
            raise Malformed("a frame names no stream, or one that it may not name") from None
        if self._blocks.opener and not isinstance(self._frame, ContinuationFrame):
            raise Malformed("a header block is not continued")
        if isinstance(self._frame, DataFrame):
            return self._open_data(self._frame)
        if type(self._frame) not in NAMES:
            return self._open_content(HEADER)
        if self._left > FRAME_LIMIT:
            raise Malformed(f"a frame of {self._left} bytes is announced, the limit is {FRAME_LIMIT}")
        self._drop(HEADER)
        self._read = self._whole
        return self._whole()

    def _whole(self) -> list[Item] | None:
        """A frame whose content is read."""
        if len(self._pending) < self._left:
            return None
        try:
            self._frame.parse_body(memoryview(bytes(self._pending[: self._left])))
        except HyperframeError:
            raise Malformed(f"a {name_of(self._frame)} frame is malformed") from None
        self._drop(self._left)
        self._read = self._header
        if isinstance(self._frame, HeadersFrame | PushPromiseFrame | ContinuationFrame):
            block = self._blocks.add(self._frame)
            return [self._about_block(*block)] if block else []
        value = about(self._frame)
        if isinstance(self._frame, RstStreamFrame):
            value |= self._calls.end(self._frame.stream_id)
        return [self._item("h2c", name_of(self._frame), value)]

    def _content(self) -> list[Item]:
        """What there is of a DATA frame's content, or of a frame that is not read; then its padding."""
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
        return [self._item("h2c", name_of(self._frame), self._about_content())]

    def _raw(self) -> list[Item]:
        self._drop(len(self._pending))
        return []

    # -- parts --

    def _open_data(self, frame: DataFrame) -> list[Item] | None:
        padded = 1 if "PADDED" in frame.flags else 0  # a byte that tells the size of the padding
        if self._left < padded:
            raise Malformed("a DATA frame is malformed")
        if len(self._pending) < HEADER + padded:
            return None
        self._padding = self._pending[HEADER] if padded else 0
        self._left -= padded + self._padding
        if self._left < 0:
            raise Malformed("a DATA frame is malformed")
        return self._open_content(HEADER + padded)

    def _open_content(self, skip: int) -> list[Item]:
        self._size = self._left
        self._drop(skip)
        self._read = self._content
        return self._content()

    def _about_content(self) -> dict[str, Any]:
        value = about(self._frame) | {"size": self._size}
        if isinstance(self._frame, DataFrame):
            value["messages"] = self._calls.frame(self._frame.stream_id)
            if "END_STREAM" in self._frame.flags:
                value |= self._calls.end(self._frame.stream_id)
        return value

    def _about_block(self, opener: Opener, fields: Fields) -> Item:
        stream = opener.promised_stream_id if isinstance(opener, PushPromiseFrame) else opener.stream_id
        value = self._calls.headers(stream, fields)
        if "END_STREAM" in opener.flags:
            value |= self._calls.end(stream)
        return self._item("h2c", name_of(opener), value)

    def _drop(self, size: int) -> None:
        del self._pending[:size]
        self._at += size

    def _item(self, kind: str, label: str, value: Any) -> Item:
        """An item over all bytes that have been read since the last one."""
        start, self._start = self._start, self._at
        return Item(kind, label, value, (start, self._at))
