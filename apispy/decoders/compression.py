"""Compressed bytes, read through to what is inside; no more of it than is safe.

A stream is unpacked in blocks of BLOCK bytes counted from its beginning, however it came: so neither what is found
inside nor where it is found depends on how the bytes were split.
"""

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol

from apispy.decoders.base import Decoder
from apispy.model import Item

try:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
except ImportError:  # a Python that was built without it
    zstd = None  # type: ignore[assignment]

BLOCK = 1024
"""Compressed bytes that are unpacked at a time."""

PIECE = 64 << 10
"""The most that is unpacked at a time."""

LIMIT = 1 << 30
"""Unpacked bytes that are read in one stream."""

RATIO, SLACK = 100, 16 << 20
"""More than SLACK unpacked bytes, and RATIO times as many as the packed ones, are a bomb and no content."""

ITEMS = 10_000
"""Items that one block may hold; more are a bomb too."""

MEMORY = 128 << 20
"""What an unpacker may take for its window; the formats allow gigabytes."""

FAULTS = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, *((zstd.ZstdError,) if zstd else ()))
"""What unpackers raise on bytes that are not theirs."""


class Unpacker(Protocol):
    """What bz2, lzma and zstd have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class Zlib:
    """zlib's unpacker with the manners of the others: what it did not get to, it keeps itself."""

    def __init__(self, window: int) -> None:
        self._inner = zlib.decompressobj(window)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


def _deflate(head: bytes) -> Unpacker:
    """RFC 9110 means zlib's format by this name, Go's daemon sends the bare one; the first two bytes tell."""
    wrapped = head[:1] and head[0] & 0x0F == 8 and int.from_bytes(head[:2]) % 31 == 0
    return Zlib(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)


def _zstd(_: bytes) -> Unpacker:
    if zstd is None:
        raise ValueError("this Python has no zstd; Python 3.14 has, or `pip install backports.zstd`")
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: 27})


UNPACKERS: dict[str, Callable[[bytes], Unpacker]] = {
    "gzip": lambda _: Zlib(16 + zlib.MAX_WBITS),
    "deflate": _deflate,
    "bzip2": lambda _: bz2.BZ2Decompressor(),
    "xz": lambda _: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY),
    "zstd": _zstd,
}
"""By name, what makes an unpacker when given the first bytes."""

MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
"""Name of a compression by the first bytes of what it made."""

MAGIC_SIZE = max(map(len, MAGIC))


def coding_of(head: bytes) -> str:
    """The compression that *head*, at least MAGIC_SIZE bytes, is the beginning of; "" if none."""
    return next((name for magic, name in MAGIC.items() if head.startswith(magic)), "")


def unpack(data: bytes, coding: str, limit: int) -> bytes:
    """All that *data*, whole, holds; *coding*: a name in UNPACKERS. Streams one after the other count as one.

    Raises ValueError: it is not in that coding, it ends early, or more than *limit* bytes come out of it.
    """
    found = bytearray()
    try:
        while data:
            unpacker = UNPACKERS[coding](data)
            while not unpacker.eof:
                piece = unpacker.decompress(data, PIECE)
                found += piece
                if len(found) > limit:
                    raise ValueError(f"more than {limit} bytes come out of it")
                if not piece and not unpacker.eof:
                    raise ValueError(f"the {coding} data end early")
                data = b""
            data = unpacker.unused_data.lstrip(b"\0")
    except FAULTS as fault:
        raise ValueError(str(fault)) from fault
    return bytes(found)


def beginning(data: bytes, coding: str, size: int) -> bytes:
    """The first *size* bytes, or fewer, of what *data*, maybe cut, holds. Raises ValueError: it is not that coding."""
    try:
        return UNPACKERS[coding](data).decompress(data, size)
    except FAULTS as fault:
        raise ValueError(str(fault)) from fault


class Compressed:
    """First an item of kind "compressed", its value the coding's name; then the items of what is inside.

    Spans are counted in the packed bytes: an item's span ends with the block that completed it, and what else
    that block completed has a span without any bytes. What is not read is one item of kind "unread" at the end.
    """

    def __init__(self, coding: str, inner: Decoder) -> None:
        self._coding, self._inner = coding, inner
        self._pending = bytearray()
        self._at = 0  # of what is unpacked, in the stream
        self._start = 0  # of what no item covers yet
        self._size = 0  # unpacked
        # None between two: gzip files and the like may be strung together.
        self._unpacker: Unpacker | None = None
        self._why = ""  # nothing more is read

    def feed(self, data: bytes) -> list[Item]:
        self._pending += data
        items: list[Item] = []
        while len(self._pending) >= BLOCK:
            items += self._block(bytes(self._pending[:BLOCK]))
        return items

    def close(self) -> list[Item]:
        items = self._block(bytes(self._pending)) if self._pending else []
        if self._at and not self._why:
            items += self._placed(self._inner.close())
            if self._unpacker:
                items += self._placed([self._problem("cut off", f"the {self._coding} data end early")])
        if self._start < self._at:
            label = f"{self._at - self._start} compressed bytes {self._why or 'without content'}"
            items += self._placed([Item("unread", label, b"", (0, 0))])
        return items

    def _block(self, block: bytes) -> list[Item]:
        del self._pending[: len(block)]
        first = [] if self._at else [Item("compressed", self._coding, self._coding, (0, 0))]
        self._at += len(block)
        found: list[Item] = []
        try:
            for piece in self._unpacked(block):
                found += self._inner.feed(piece)
                if len(found) > ITEMS:
                    raise ValueError(f"more than {ITEMS} items come out of {len(block)} bytes")
        except FAULTS as fault:
            self._why = "after what cannot be unpacked"
            text = f"after {self._size} bytes of content the {self._coding} data cannot be read: {fault}"
            found.append(self._problem("not unpacked", text))
        return first + self._placed(found)

    def _unpacked(self, block: bytes) -> Iterator[bytes]:
        """What *block* holds, in pieces, up to the limit. Raises one of FAULTS."""
        while not self._why:
            if self._unpacker is None:
                block = block.lstrip(b"\0") if self._size else block  # archives may be filled up with zeros
                if not block:
                    return
                self._unpacker = UNPACKERS[self._coding](block)
            piece = self._unpacker.decompress(block, PIECE)
            self._count(len(piece))
            yield piece
            block = b""
            if self._unpacker.eof:
                block, self._unpacker = self._unpacker.unused_data, None
            elif len(piece) < PIECE:
                return

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > SLACK + RATIO * self._at:
            raise ValueError(f"more than {RATIO} times as much comes out as went in")
        if self._size > LIMIT:
            self._why = f"after {LIMIT >> 20} MiB of content"

    def _problem(self, label: str, text: str) -> Item:
        return Item("problem", label, text, (0, 0))

    def _placed(self, items: list[Item]) -> list[Item]:
        """*items* with spans in the packed stream: the first takes all bytes that no item covers yet."""
        found = []
        for item in items:
            found.append(replace(item, span=(self._start, self._at)))
            self._start = self._at
        return found
