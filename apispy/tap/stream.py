"""One byte stream of an exchange while it flows: what is kept of it, and how much went by."""

from apispy.model import Body, Chunk, Headers

CHUNK_COST = 64
"""Bytes that a kept chunk counts for on top of its data, so that a flood of tiny chunks stays bounded too."""


class KeptStream:
    """Keeps the first *limit* bytes, with their chunk edges and times, and counts the rest."""

    def __init__(self, limit: int) -> None:
        self.size = 0
        self.ended_at: float | None = None
        self.trailers = Headers()
        self._room = limit
        self._chunks: list[Chunk] = []

    def add(self, chunk: Chunk) -> int:
        """Take a chunk; give the offset at which it starts in the stream."""
        offset = self.size
        self.size += len(chunk.data)
        if self._room > 0:
            kept = chunk.data[: self._room]
            self._chunks.append(chunk if len(kept) == len(chunk.data) else Chunk(chunk.at, kept))
            self._room -= len(kept) + CHUNK_COST
        return offset

    def freeze(self) -> Body:
        return Body(tuple(self._chunks), self.size, self.trailers, self.ended_at)
