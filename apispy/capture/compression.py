"""Compression of captures with gzip or zstd. Each line is flushed, so that a truncated file can be read to its end."""

import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
"""Name of a compression by the first bytes of the file."""

SUFFIXES = {".gz": "gzip", ".zst": "zstd"}

MAX_PIECE = 256 << 10
"""Bytes: the most that is decompressed at a time."""

INPUT_STEP = 1024
"""Compressed bytes that are decompressed at a time."""

MAX_RATIO, BOMB_SIZE = 300, 256 << 20
"""A file is a decompression bomb if it yields more than BOMB_SIZE bytes and more than MAX_RATIO times its own size."""

ZSTD_WINDOW_LOG = 27
"""Base-2 logarithm of the largest window, in bytes, that a zstd file may request."""

DECOMPRESSION_ERRORS = (zlib.error, zstd.ZstdError, EOFError)


class Compressor(Protocol):
    """Compresses line by line. What it has returned so far always decompresses to all lines it was given."""

    def line(self, data: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


class Uncompressed:
    def line(self, data: bytes) -> bytes:
        return data

    def finish(self) -> bytes:
        return b""


class GzipCompressor:
    def __init__(self) -> None:
        self._stream = zlib.compressobj(wbits=zlib.MAX_WBITS + 16)

    def line(self, data: bytes) -> bytes:
        return self._stream.compress(data) + self._stream.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._stream.flush()


class ZstdCompressor:
    def __init__(self) -> None:
        self._stream = zstd.ZstdCompressor()

    def line(self, data: bytes) -> bytes:
        return self._stream.compress(data, zstd.ZstdCompressor.FLUSH_BLOCK)

    def finish(self) -> bytes:
        return self._stream.flush()


def compressor_for(path: Path) -> Compressor:
    """Choose a compressor by the suffix of *path*: .gz, .zst, or no compression."""
    made: dict[str, type[Compressor]] = {"gzip": GzipCompressor, "zstd": ZstdCompressor}
    return made.get(SUFFIXES.get(path.suffix.lower(), ""), Uncompressed)()


def compression_of(head: bytes) -> str:
    """Return "gzip", "zstd", or "" by a file's first bytes."""
    return next((name for magic, name in MAGIC.items() if head.startswith(magic)), "")


class DecompressionBomb(ValueError):
    """The decompressed data is too large to be a capture."""


class Decompressor:
    """Decompresses a file, which may hold several streams in a row. ``complete``: the last stream has its end."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._stream = self._new()
        self._bytes_in = self._bytes_out = 0
        self.complete = True

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decompress the next bytes. Raises DecompressionBomb, or one of DECOMPRESSION_ERRORS for damaged data."""
        for start in range(
            0, len(data), INPUT_STEP
        ):  # small steps, so that data before the damage is returned
            yield from self._step(data[start : start + INPUT_STEP])

    def _step(self, data: bytes) -> Iterator[bytes]:
        self._bytes_in += len(data)
        while data:
            if self._stream.eof:
                self._stream = self._new()
            self.complete = False
            piece, data = self._stream.decompress(data)
            self._bytes_out += len(piece)
            if self._bytes_out > BOMB_SIZE and self._bytes_out > MAX_RATIO * self._bytes_in:
                raise DecompressionBomb(
                    f"{self._bytes_in} bytes decompress to more than {self._bytes_out}; this is not a capture"
                )
            yield piece
            self.complete = self._stream.eof

    def _new(self) -> "_GzipStream | _ZstdStream":
        return _GzipStream() if self._coding == "gzip" else _ZstdStream()


class _GzipStream:
    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=zlib.MAX_WBITS + 16)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    def decompress(self, data: bytes) -> tuple[bytes, bytes]:
        """Return some decompressed bytes, and the input that is left to be fed."""
        piece = self._stream.decompress(data, MAX_PIECE)
        return piece, self._stream.unused_data or self._stream.unconsumed_tail


class _ZstdStream:
    def __init__(self) -> None:
        options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG}
        self._stream = zstd.ZstdDecompressor(options=options)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    def decompress(self, data: bytes) -> tuple[bytes, bytes]:
        # The stream buffers input that it has not decompressed yet; drain it before the next bytes are fed.
        pieces = [self._stream.decompress(data, MAX_PIECE)]
        while not self._stream.eof and not self._stream.needs_input:
            pieces.append(self._stream.decompress(b"", MAX_PIECE))
        return b"".join(pieces), self._stream.unused_data if self._stream.eof else b""
