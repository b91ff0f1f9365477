"""The interface of a decoder, base classes, and the registry of all decoders.

Laws, tested for every registered decoder: total (never raises, on any bytes), lossless (the spans of the top-level
items cover every input byte once, in order), split-proof (any chunking gives the same items), bounded (a declared size
over the limit is a problem item, and memory stays bounded).

The kinds of items, and their values:

``json``        a JSON value
``text``        text (str)
``raw``         bytes that have no further structure; empty for bytes that are only counted
``stdin``, ``stdout``, ``stderr``, ``systemerr``  the payload of a frame of program output (bytes)
``value``       a header or a query parameter as JSON; the label describes it
``figure``      a figure of container statistics (a number, None if unknown), as a child of a ``json`` item
``member``      the header of a file in a tar archive (an object), without the file's content
``more``        the number of further members that are not listed
``padding``     the number of bytes after the end of an archive
``compressed``  the name of a compression; the items after it are those of the decompressed bytes
``unread``      compressed bytes that are not decompressed (bytes; empty if they are only counted)
``h2c``         an HTTP/2 frame (an object), without its payload
``message``     a gRPC message (an object), as a child of an ``h2c`` or ``grpc-message`` item
``grpc-message``  the size of a message of a gRPC call (an object)
``grpc``        the numbers of calls by method and of responses by status (an object)
``ping``, ``pong``, ``close``  a control frame of a WebSocket (bytes; an object for ``close``)
``problem``     a sentence about an error at this position; the stream may be malformed, truncated or too large
"""

from collections.abc import Callable
from typing import Protocol

from apispy.model import Item


class Decoder(Protocol):
    """Decodes one byte stream, piece by piece, without I/O."""

    def feed(self, data: bytes) -> list[Item]:
        """Take the next bytes. Returns the items that are now complete."""

    def close(self) -> list[Item]:
        """End the stream. Returns the remaining items, with a truncated tail as a ``problem`` item."""


class FrameDecoder:
    """A decoder for a stream of frames. Each step consumes pending bytes and sets the next step, ``_read``."""

    def __init__(self, first: Callable[[], list[Item] | None]) -> None:
        self._pending = bytearray()
        self._start = 0  # offset of _pending in the stream
        self._read = first  # returns None if it needs more bytes

    def feed(self, data: bytes) -> list[Item]:
        self._pending += data
        items: list[Item] = []
        while self._pending and (found := self._read()) is not None:
            items += found
        return items

    def _raw(self) -> list[Item]:
        """Return all bytes unchanged, as a step."""
        value = bytes(self._pending)
        return [Item("raw", "raw", value, self._take(len(value)))]

    def _give_up(self, why: str) -> list[Item]:
        self._read = self._raw
        text = f"{why}, at byte {self._start}; the bytes from here on are shown undecoded"
        return [Item("problem", "not a frame", text, (self._start, self._start))]

    def _take(self, size: int) -> tuple[int, int]:
        """Drop the first *size* pending bytes. Returns their span."""
        del self._pending[:size]
        start, self._start = self._start, self._start + size
        return start, self._start


class Sniffer:
    """Buffers the first HEAD bytes, or fewer if the stream is shorter, and then chooses a decoder for the stream."""

    HEAD = 8

    def __init__(self) -> None:
        self._head = b""
        self._inner: Decoder | None = None

    def feed(self, data: bytes) -> list[Item]:
        if self._inner is not None:
            return self._inner.feed(data)
        self._head += data
        return self._begin() if len(self._head) >= self.HEAD else []

    def close(self) -> list[Item]:
        items = self._begin() if self._inner is None else []
        return items + self._inner.close() if self._inner else items

    def _begin(self) -> list[Item]:
        head, self._head = self._head, b""
        self._inner = self.inner_decoder(head[: self.HEAD])
        return self._inner.feed(head)

    def inner_decoder(self, head: bytes) -> Decoder:
        """Choose the decoder by *head*, the first bytes of the stream: HEAD bytes, unless the stream is shorter."""
        raise NotImplementedError


DECODERS: dict[str, Callable[[], Decoder]] = {}

REDACTED_BY_ITEM: set[str] = set()
"""Formats of withheld streams that may still be decoded: redaction makes each item safe by a list of what is shown."""


def decoder[T: Callable[[], Decoder]](name: str, *, by_item: bool = False) -> Callable[[T], T]:
    """Class decorator: register a decoder under the format's name, and in REDACTED_BY_ITEM if *by_item*."""

    def register(cls: T) -> T:
        assert name not in DECODERS, f"two decoders are called {name!r}"
        DECODERS[name] = cls
        if by_item:
            REDACTED_BY_ITEM.add(name)
        return cls

    return register
