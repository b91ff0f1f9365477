"""Output of a program: frames of stdout and stderr, or the raw bytes of its terminal.

A frame is a header of 8 bytes, ``type 0 0 0`` and the payload's size as an unsigned 32-bit big-endian number, then the
payload. Source: moby pkg/stdcopy. Nothing on the wire shows reliably whether a stream has frames (before API 1.42 no
HTTP header does), so the first bytes decide. A stream that begins with a frame must consist of frames to its end.
"""

import re

from apispy.decoders.base import FrameDecoder, decoder
from apispy.model import Item

KINDS = ("stdin", "stdout", "stderr", "systemerr")
"""Kinds of frames by the first byte of their headers."""

HEADER = 8
FRAME_LIMIT = 16 << 20
"""The largest payload that is accepted, in bytes. The daemon writes frames of 32 KiB or less, and one per log line."""


@decoder("stdio")
class Stdio(FrameDecoder):
    """Output of a program, with or without frames. Items of kind "stdin", "stdout", "stderr", "systemerr" or "raw".
    Their values are bytes.

    Output is shown as it arrives: a frame that arrives in pieces gives an item for each piece, so adjacent items of one
    kind may belong together. The span of a frame's first piece includes the header.
    """

    def __init__(self) -> None:
        super().__init__(self._header)
        self._kind = ""  # kind of the open frame, "" between frames
        self._left = 0  # bytes left of its payload
        self._may_be_raw = True  # a stream that does not begin with a frame is raw
        self._skip = 0  # bytes of _pending before the payload: the header, until the first piece is returned

    def close(self) -> list[Item]:
        have = len(self._pending)
        if not self._kind and not have:
            return []
        if not self._kind and self._start == 0 and self._may_be_raw:
            return self._raw()  # too short to be a frame
        where = f"a frame of {self._kind}" if self._kind else "a frame's header"
        missing = self._left if self._kind else HEADER - have
        self._kind = ""
        text = f"the stream ends inside {where}: {missing} more bytes expected"
        return [Item("problem", "cut off", text, self._take(have))]

    def _header(self) -> list[Item] | None:
        head = bytes(self._pending[:HEADER])
        if head[0] >= len(KINDS) or any(head[1:4]):
            return self._not_a_frame()
        if len(head) < HEADER:
            return None
        size = int.from_bytes(head[4:])
        if size > FRAME_LIMIT:
            return self._give_up(f"a frame has {size} bytes, the limit is {FRAME_LIMIT}")
        if not size:
            return [self._empty(head)]
        self._kind, self._left, self._skip = KINDS[head[0]], size, HEADER
        self._read = self._payload
        return []

    def _payload(self) -> list[Item] | None:
        """Read the available bytes of the open frame's payload."""
        stop = min(len(self._pending), self._skip + self._left)
        if stop == self._skip:
            return None
        kind, value = self._kind, bytes(self._pending[self._skip : stop])
        self._left -= len(value)
        self._skip = 0
        if not self._left:
            self._kind = ""
            self._read = self._header
        return [Item(kind, kind, value, self._take(stop))]

    def _empty(self, head: bytes) -> Item:
        """Make one item for consecutive empty frames of one kind. A long run of zeros looks like empty frames."""
        found = re.compile(b"(?:%b)++" % re.escape(head)).match(self._pending)
        return Item(KINDS[head[0]], KINDS[head[0]], b"", self._take(found.end() if found else HEADER))

    def _not_a_frame(self) -> list[Item]:
        """Handle bytes that are not a frame: an error, or at the start of the stream maybe the output of a terminal."""
        if self._start or not self._may_be_raw:
            return self._give_up("expected a frame's header")
        self._read = self._raw
        return []


@decoder("frames")
class Frames(Stdio):
    """Framed output of a program that has no terminal. Items as in ``stdio``."""

    def __init__(self) -> None:
        super().__init__()
        self._may_be_raw = False
