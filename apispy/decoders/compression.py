"""Decompression of streams, within limits that make decompression bombs harmless.

A stream is decompressed in blocks of BLOCK bytes, counted from its start. So neither the items inside nor their
positions depend on how the bytes were split into chunks.
"""

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from apispy.decoders.base import Decoder
from apispy.model import Item
from apispy.structs import replace

try:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
except ImportError:  # Python was built without zstd
    zstd = None  # type: ignore[assignment]

BLOCK = 1024
"""Compressed bytes that are decompressed at a time."""

MAX_PIECE = 64 << 10
"""Bytes: the most that is decompressed at a time."""

MAX_OUTPUT = 1 << 30
"""Decompressed bytes that are read in one stream."""

MAX_RATIO, BOMB_SIZE = 100, 16 << 20
"""A stream is a decompression bomb if it yields more bytes than BOMB_SIZE plus MAX_RATIO times its own size."""

MAX_ITEMS_PER_BLOCK = 10_000
"""Items that one block may yield. More are a decompression bomb, too."""

MAX_MEMORY = 128 << 20
"""Bytes that a decompressor may use for its window; the formats allow gigabytes."""

DECOMPRESSION_ERRORS = (
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    *((zstd.ZstdError,) if zstd else ()),
)
"""What decompressors raise on invalid data."""


class Decompressor(Protocol):
    """The common interface of the decompressors in bz2, lzma and zstd."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class ZlibDecompressor:
    """zlib's decompressor with the interface of the others: it keeps input that it has not decompressed yet."""

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


def _deflate(head: bytes) -> Decompressor:
    """Detect the format by the first two bytes: RFC 9110 specifies zlib's, Go's daemon sends raw deflate."""
    wrapped = head[:1] and head[0] & 0x0F == 8 and int.from_bytes(head[:2]) % 31 == 0
    return ZlibDecompressor(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)


def _zstd(_: bytes) -> Decompressor:
    if zstd is None:
        raise ValueError("this Python has no zstd; Python 3.14 has, or `pip install backports.zstd`")
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: 27})


DECOMPRESSORS: dict[str, Callable[[bytes], Decompressor]] = {
    "gzip": lambda _: ZlibDecompressor(16 + zlib.MAX_WBITS),
    "deflate": _deflate,
    "bzip2": lambda _: bz2.BZ2Decompressor(),
    "xz": lambda _: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_MEMORY),
    "zstd": _zstd,
}
"""By name, a function that makes a decompressor, given the first bytes."""

MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
"""Name of a compression by the first bytes of its data."""

MAGIC_SIZE = max(map(len, MAGIC))
MAGIC_STARTS = frozenset(magic[:1] for magic in MAGIC)


def coding_of(head: bytes) -> str:
    """Return the compression of data that begins with *head*, at least MAGIC_SIZE bytes; "" if it is not compressed."""
    if head[:1] not in MAGIC_STARTS:  # most data
        return ""
    return next((name for magic, name in MAGIC.items() if head.startswith(magic)), "")


def decompress_all(data: bytes, coding: str, limit: int) -> bytes:
    """Decompress complete *data*, which may be several streams in a row. *coding* is a name in DECOMPRESSORS.

    Raises ValueError if the data is not in that coding, ends early, or yields more than *limit* bytes.
    """
    found = bytearray()
    try:
        while data:
            decompressor = DECOMPRESSORS[coding](data)
            while not decompressor.eof:
                piece = decompressor.decompress(data, MAX_PIECE)
                found += piece
                if len(found) > limit:
                    raise ValueError(f"the content has more than {limit} bytes")
                if not piece and not decompressor.eof:
                    raise ValueError(f"the {coding} data ends early")
                data = b""
            data = decompressor.unused_data.lstrip(b"\0")
    except DECOMPRESSION_ERRORS as fault:
        raise ValueError(str(fault)) from fault
    return bytes(found)


def decompress_start(data: bytes, coding: str, size: int) -> bytes:
    """Decompress at most the first *size* bytes of data that may be truncated. Raises ValueError if it is invalid."""
    try:
        return DECOMPRESSORS[coding](data).decompress(data, size)
    except DECOMPRESSION_ERRORS as fault:
        raise ValueError(str(fault)) from fault


class Compressed:
    """An item of kind "compressed", with the coding's name as its value, then the items of the decompressed data.

    Spans are offsets in the compressed bytes. An item's span ends with the block that completed it; further items that
    the same block completed have empty spans. Bytes that are not decompressed are one item of kind "unread" at the end.
    """

    def __init__(self, coding: str, inner: Decoder) -> None:
        self._coding, self._inner = coding, inner
        self._pending = bytearray()
        self._at = 0  # compressed bytes that have been decompressed
        self._start = 0  # offset of the first byte that no item covers yet
        self._size = 0  # decompressed bytes
        # None between two streams: gzip files and the like may be concatenated.
        self._decompressor: Decompressor | None = None
        self._why = ""  # why decompression has stopped

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
            if self._decompressor:
                items += self._placed([self._problem("cut off", f"the {self._coding} data ends early")])
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
            for piece in self._decompressed(block):
                found += self._inner.feed(piece)
                if len(found) > MAX_ITEMS_PER_BLOCK:
                    raise ValueError(f"{len(block)} bytes contain more than {MAX_ITEMS_PER_BLOCK} items")
        except DECOMPRESSION_ERRORS as fault:
            self._why = "after damaged data"
            text = (
                f"after {self._size} bytes of content the {self._coding} data cannot be decompressed: {fault}"
            )
            found.append(self._problem("not decompressed", text))
        return first + self._placed(found)

    def _decompressed(self, block: bytes) -> Iterator[bytes]:
        """Decompress *block* in pieces, up to the limit. Raises one of DECOMPRESSION_ERRORS."""
        while not self._why:
            if self._decompressor is None:
                block = block.lstrip(b"\0") if self._size else block  # archives may be padded with zeros
                if not block:
                    return
                self._decompressor = DECOMPRESSORS[self._coding](block)
            piece = self._decompressor.decompress(block, MAX_PIECE)
            self._count(len(piece))
            yield piece
            block = b""
            if self._decompressor.eof:
                block, self._decompressor = self._decompressor.unused_data, None
            elif len(piece) < MAX_PIECE:
                return

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > BOMB_SIZE + MAX_RATIO * self._at:
            raise ValueError(f"the content is more than {MAX_RATIO} times its size")
        if self._size > MAX_OUTPUT:
            self._why = f"after {MAX_OUTPUT >> 20} MiB of content"

    def _problem(self, label: str, text: str) -> Item:
        return Item("problem", label, text, (0, 0))

    def _placed(self, items: list[Item]) -> list[Item]:
        """Give *items* their spans in the compressed stream: the first covers all bytes that no item covers yet."""
        found = []
        for item in items:
            found.append(replace(item, span=(self._start, self._at)))
            self._start = self._at
        return found
