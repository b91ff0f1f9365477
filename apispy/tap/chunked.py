"""The chunks of HTTP/1.1's chunked transfer coding, as Go writes them: no extensions, no trailers."""

import re
from collections.abc import Iterator

_FIRST = re.compile(rb"([0-9A-Fa-f]{1,15})\r\n")
_NEXT = re.compile(rb"\r\n([0-9A-Fa-f]{1,15})\r\n")
LONGEST = 20
"""Bytes of what stands between two chunks."""


class ChunkedReader:
    """Takes the coding off. When it is ``puzzled`` it has stopped before something unusual, and ``rest`` begins there.

    ``begun``: there was a chunk. ``ended``: there was the last one, and ``rest`` is behind it.
    """

    def __init__(self) -> None:
        self.begun = self.ended = self.puzzled = False
        self.rest = b""
        self._left = 0  # bytes of the chunk under way

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take the next bytes; give the pieces of chunks that are in them."""
        data, at = self.rest + data if self.rest else data, 0
        while at < len(data):
            if not self._left:
                found = (_NEXT if self.begun else _FIRST).match(data, at)
                if found is None or not (size := int(found[1], 16)):
                    at = self._end(data, at, found)
                    break
                self.begun, self._left, at = True, size, found.end()
            piece = data[at : at + self._left]
            if piece:
                at += len(piece)
                self._left -= len(piece)
                yield piece
        self.rest = data[at:]

    def _end(self, data: bytes, at: int, last: re.Match[bytes] | None) -> int:
        """No other chunk is here: where ``rest`` begins."""
        if last is not None and data.startswith(b"\r\n", last.end()):
            self.ended = True
            return last.end() + 2
        whole_line = data.find(b"\n", at + 2 if self.begun else at) >= 0
        if last is None:
            between = data[at : at + 2] if self.begun else b""
            self.puzzled = whole_line or len(data) - at > LONGEST or not b"\r\n".startswith(between)
        else:
            self.puzzled = not b"\r\n".startswith(data[last.end() : last.end() + 2])
        return at
