"""The header blocks of HTTP/2, put together from their frames and unpacked. Source: RFC 9113, section 4.3; RFC 7541."""

import logging

from hpack import Decoder, HPACKError
from hyperframe.frame import ContinuationFrame, HeadersFrame, PushPromiseFrame

BLOCK_LIMIT = 256 << 10
"""Bytes of a header block, packed and unpacked (32 more for each field)."""

TABLE_LIMIT = 64 << 10
"""Bytes of the table that header blocks refer to. How large it may be is agreed in the other direction; mostly 4096."""

CONTINUATIONS = 64
"""Frames that may continue one header block."""

Fields = list[tuple[bytes, bytes]]
Opener = HeadersFrame | PushPromiseFrame

logging.getLogger("hpack").setLevel(logging.WARNING)  # at DEBUG it tells every header field, secret or not


class Malformed(Exception):
    """What comes is not HTTP/2, or larger than the limits. Its text says why, and quotes nothing."""


class HeaderBlocks:
    """Those of one direction, one after the other."""

    def __init__(self) -> None:
        self.opener: Opener | None = None  # the frame that began the block that is open
        self._block = b""
        self._continued = 0
        self._hpack = Decoder(BLOCK_LIMIT)
        self._hpack.max_allowed_table_size = TABLE_LIMIT

    def add(self, frame: Opener | ContinuationFrame) -> tuple[Opener, Fields] | None:
        """Take the next frame; give the block if it is complete. Raises Malformed."""
        if isinstance(frame, ContinuationFrame):
            self._continued += 1
        else:
            self.opener, self._block, self._continued = frame, b"", 0
        if self.opener is None or self.opener.stream_id != frame.stream_id:
            raise Malformed("a frame continues a header block that is not open")
        self._block += frame.data
        if len(self._block) > BLOCK_LIMIT or self._continued > CONTINUATIONS:
            raise Malformed(f"a header block is over {BLOCK_LIMIT} bytes, or {CONTINUATIONS} more frames")
        return self._unpacked(self.opener) if "END_HEADERS" in frame.flags else None

    def _unpacked(self, opener: Opener) -> tuple[Opener, Fields]:
        block, self._block, self.opener = self._block, b"", None
        try:
            return opener, [
                (bytes(name), bytes(value)) for name, value in self._hpack.decode(block, raw=True)
            ]
        except HPACKError:  # its text may quote the block; `from None`, so that no log does
            raise Malformed(f"a header block is malformed, or over {BLOCK_LIMIT} bytes unpacked") from None
