"""One byte stream of an exchange while it flows: what is kept of it, and how much went by."""

import hashlib

from apispy.model import Body, Chunk, Headers

CHUNK_COST = 64
"""Bytes that a kept chunk counts for on top of its data, so that a flood of tiny chunks stays bounded too."""


class KeptStream:
    """Keeps the first *limit* bytes, with their chunk edges and times, and counts the rest.

    With *digest* the whole is hashed too, from where the limit is passed on: a stream that is kept needs no digest.
    """

    def __init__(self, limit: int, *, digest: bool = False) -> None:
        self.size = 0
        self.ended_at: float | None = None
        self.trailers = Headers()
        self._room = limit
        self._chunks: list[Chunk] = []
        self._digest = digest
        self._hash: hashlib._Hash | None = None

    def add(self, chunk: Chunk) -> int:
        """Take a chunk; give the offset at which it starts in the stream."""
        offset = self.size
        self.size += len(chunk.data)
        kept = chunk.data[: max(0, self._room)]
        if self._digest and len(kept) < len(chunk.data):
            self._hash_on(chunk.data)
        if self._room > 0:
            self._chunks.append(chunk if len(kept) == len(chunk.data) else Chunk(chunk.at, kept))
            self._room -= len(kept) + CHUNK_COST
        return offset

    def freeze(self) -> Body:
        digest = self._hash.hexdigest() if self._hash else ""
        return Body(tuple(self._chunks), self.size, self.trailers, self.ended_at, digest=digest)

    def _hash_on(self, data: bytes) -> None:
        if self._hash is None:
            self._hash = hashlib.sha256(b"".join(chunk.data for chunk in self._chunks))
        self._hash.update(data)
