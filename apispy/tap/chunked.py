"""A fast reader of HTTP/1.1's chunked transfer coding as Go writes it: without extensions and trailers."""

import re
from collections.abc import Iterator

_FIRST = re.compile(rb"([0-9A-Fa-f]{1,15})\r\n")
_NEXT = re.compile(rb"\r\n([0-9A-Fa-f]{1,15})\r\n")
MAX_CHUNK_HEADER = 20
"""Bytes between the data of two chunks: line end, size, line end."""


class ChunkedReader:
    """Removes the transfer coding.

    ``started``: a chunk was read. ``ended``: the last chunk was read, and ``rest`` is what follows it.
    ``unsupported``: the reader stopped before something unusual, with which ``rest`` begins.
    """

    def __init__(self) -> None:
        self.started = self.ended = self.unsupported = False
        self.rest = b""
        self._left = 0  # bytes left of the current chunk

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take the next bytes, and yield the chunk data in them."""
        data, at = self.rest + data if self.rest else data, 0
        while at < len(data):
            if not self._left:
                found = (_NEXT if self.started else _FIRST).match(data, at)
                if found is None or not (size := int(found[1], 16)):
                    at = self._end(data, at, found)
                    break
                self.started, self._left, at = True, size, found.end()
            piece = data[at : at + self._left]
            if piece:
                at += len(piece)
                self._left -= len(piece)
                yield piece
        self.rest = data[at:]

    def _end(self, data: bytes, at: int, last: re.Match[bytes] | None) -> int:
        """Handle *data* from *at*, where no further chunk begins, and return where ``rest`` begins.

        *last* is the match of a chunk of size 0, if there is one.
        """
        if last is not None and data.startswith(b"\r\n", last.end()):
            self.ended = True
            return last.end() + 2
        whole_line = data.find(b"\n", at + 2 if self.started else at) >= 0
        if last is None:
            line_end = data[at : at + 2] if self.started else b""
            self.unsupported = (
                whole_line or len(data) - at > MAX_CHUNK_HEADER or not b"\r\n".startswith(line_end)
            )
        else:
            self.unsupported = not b"\r\n".startswith(data[last.end() : last.end() + 2])
        return at
