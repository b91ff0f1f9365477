"""Captures that are compressed with gzip or zstd. Each line is flushed, so that a file which was cut can be read."""

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
"""What a packed file begins with."""

SUFFIXES = {".gz": "gzip", ".zst": "zstd"}

PIECE = 256 << 10
"""The most that is unpacked at a time."""

STEP = 1024
"""Packed bytes that are unpacked at a time."""

RATIO, SLACK = 300, 256 << 20
"""More than SLACK unpacked bytes, and RATIO times as many as the packed ones, are a bomb and no capture."""

MEMORY_LOG = 27
"""Two to this is the largest window that zstd may ask for."""

FAULTS = (zlib.error, zstd.ZstdError, EOFError)


class Packer(Protocol):
    """Takes lines; gives what is to be written so that all of them can be read."""

    def line(self, data: bytes) -> bytes: ...

    def end(self) -> bytes: ...


class Plain:
    def line(self, data: bytes) -> bytes:
        return data

    def end(self) -> bytes:
        return b""


class Gzip:
    def __init__(self) -> None:
        self._packer = zlib.compressobj(wbits=zlib.MAX_WBITS + 16)

    def line(self, data: bytes) -> bytes:
        return self._packer.compress(data) + self._packer.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._packer.flush()


class Zstd:
    def __init__(self) -> None:
        self._packer = zstd.ZstdCompressor()

    def line(self, data: bytes) -> bytes:
        return self._packer.compress(data, zstd.ZstdCompressor.FLUSH_BLOCK)

    def end(self) -> bytes:
        return self._packer.flush()


def packer_for(path: Path) -> Packer:
    """By the name's end: .gz, .zst, or neither."""
    made: dict[str, type[Packer]] = {"gzip": Gzip, "zstd": Zstd}
    return made.get(SUFFIXES.get(path.suffix.lower(), ""), Plain)()


def packed_with(head: bytes) -> str:
    """ "gzip", "zstd", or "" by a file's first bytes."""
    return next((name for magic, name in MAGIC.items() if head.startswith(magic)), "")


class Bomb(ValueError):
    """What is unpacked is too much to be a capture."""


class Unpacker:
    """Unpacks one stream after another, as they stand in one file. ``whole``: the last one has its end."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._stream = self._new()
        self._taken = self._given = 0
        self.whole = True

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take packed bytes. Raises one of FAULTS when they are damaged, and Bomb."""
        for start in range(0, len(data), STEP):  # what stands a step before damage is given
            yield from self._step(data[start : start + STEP])

    def _step(self, data: bytes) -> Iterator[bytes]:
        self._taken += len(data)
        while data:
            if self._stream.eof:
                self._stream = self._new()
            self.whole = False
            piece, data = self._stream.unpack(data)
            self._given += len(piece)
            if self._given > SLACK and self._given > RATIO * self._taken:
                raise Bomb(f"{self._taken} bytes unpack to more than {self._given}; that is no capture")
            yield piece
            self.whole = self._stream.eof

    def _new(self) -> "_Gzip | _Zstd":
        return _Gzip() if self._coding == "gzip" else _Zstd()


class _Gzip:
    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=zlib.MAX_WBITS + 16)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    def unpack(self, data: bytes) -> tuple[bytes, bytes]:
        """Some bytes unpacked, and those that are still to be fed."""
        piece = self._stream.decompress(data, PIECE)
        return piece, self._stream.unused_data or self._stream.unconsumed_tail


class _Zstd:
    def __init__(self) -> None:
        options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: MEMORY_LOG}
        self._stream = zstd.ZstdDecompressor(options=options)
        self._rest = b""

    @property
    def eof(self) -> bool:
        return self._stream.eof

    def unpack(self, data: bytes) -> tuple[bytes, bytes]:
        # The stream keeps what it has not unpacked yet; it is asked for the rest before more is fed.
        pieces = [self._stream.decompress(data, PIECE)]
        while not self._stream.eof and not self._stream.needs_input:
            pieces.append(self._stream.decompress(b"", PIECE))
        return b"".join(pieces), self._stream.unused_data if self._stream.eof else b""
