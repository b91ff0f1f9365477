"""What all readers of HTTP/2 share: its first bytes, and header blocks, joined from their frames and decoded.

Source: RFC 9113, sections 3.4, 4.1 and 4.3; RFC 7541.
"""

import logging

from hpack import Decoder, HPACKError
from hyperframe.exceptions import HyperframeError
from hyperframe.frame import ContinuationFrame, DataFrame, Frame, HeadersFrame, PushPromiseFrame

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""The first bytes of the requesting side."""

HEADER_SIZE = 9
"""Bytes before each frame's payload: its size (24 bits), type, flags, stream (31 bits)."""

END_HEADERS = 4
"""The flag of a frame that ends a header block."""

MAX_BLOCK_SIZE = 256 << 10
"""Bytes of a header block, both encoded and decoded (plus 32 for each field)."""

MAX_TABLE_SIZE = 64 << 10
"""Bytes of the dynamic table. The other direction of the connection sets its real size, which is usually 4096."""

MAX_CONTINUATIONS = 64
"""Frames that may continue one header block."""

Fields = list[tuple[bytes, bytes]]
Opener = HeadersFrame | PushPromiseFrame

logging.getLogger("hpack").setLevel(logging.WARNING)  # at DEBUG it logs every header field, secret or not


class Http2Error(Exception):
    """The bytes are not HTTP/2, or exceed a limit. The message quotes nothing of them."""


def frame_header(data: bytes, blocks: "HeaderBlocks") -> tuple[Frame, int]:
    """Read the first HEADER_SIZE bytes of a frame. Returns the frame, without content, and the size of its payload.

    Raises Http2Error, also if the frame interrupts the open one of *blocks*.
    """
    try:
        frame, size = Frame.parse_frame_header(memoryview(data))
    except HyperframeError:
        raise Http2Error("a frame lacks a stream number, or has one that it must not have") from None
    if blocks.opener and not isinstance(frame, ContinuationFrame):
        raise Http2Error("a header block is not continued")
    return frame, size


def data_parts(frame: DataFrame, size: int, data: bytes | bytearray) -> tuple[int, int, int] | None:
    """Divide a DATA frame whose payload has *size* bytes. *data* begins with its header.

    Returns the bytes before its content, those of the content, and those of the padding after it; None if *data* does
    not have the size of the padding yet. Raises Http2Error if the frame is too short for its padding.
    """
    if "PADDED" not in frame.flags:
        return HEADER_SIZE, size, 0
    if size and len(data) <= HEADER_SIZE:
        return None
    padding = data[HEADER_SIZE] if size else 0
    content = size - 1 - padding  # one byte has the size of the padding
    if content < 0:
        raise Http2Error("a DATA frame is malformed")
    return HEADER_SIZE + 1, content, padding


class HeaderBlocks:
    """The header blocks of one direction of a connection, in order."""

    def __init__(self) -> None:
        self.opener: Opener | None = None  # first frame of the open block
        self._block = b""
        self._continued = 0
        self._hpack = Decoder(MAX_BLOCK_SIZE)
        self._hpack.max_allowed_table_size = MAX_TABLE_SIZE

    def add(self, frame: Opener | ContinuationFrame) -> tuple[Opener, Fields] | None:
        """Take the next frame. Returns the header block if it is complete. Raises Http2Error."""
        if isinstance(frame, ContinuationFrame):
            self._continued += 1
        else:
            self.opener, self._block, self._continued = frame, b"", 0
        if self.opener is None or self.opener.stream_id != frame.stream_id:
            raise Http2Error("a frame continues a header block that is not open")
        self._block += frame.data
        if len(self._block) > MAX_BLOCK_SIZE or self._continued > MAX_CONTINUATIONS:
            raise Http2Error(
                f"a header block has more than {MAX_BLOCK_SIZE} bytes or {MAX_CONTINUATIONS} continuation frames"
            )
        return self._decoded(self.opener) if "END_HEADERS" in frame.flags else None

    def _decoded(self, opener: Opener) -> tuple[Opener, Fields]:
        block, self._block, self.opener = self._block, b"", None
        try:
            return opener, [
                (bytes(name), bytes(value)) for name, value in self._hpack.decode(block, raw=True)
            ]
        except HPACKError:  # its message may quote the block; `from None` keeps it out of logs
            raise Http2Error(
                f"a header block is malformed, or has more than {MAX_BLOCK_SIZE} bytes when decoded"
            ) from None
