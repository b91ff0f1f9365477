"""What a decoder is, and the register of all decoders.

The laws, tested over the register: total (never raises, on any bytes), lossless (the spans of the top-level items
cover every input byte once, in order), split-proof (any chunking gives the same items), bounded (a declared size over
the limit is a problem item, and memory stays bounded).
"""

from collections.abc import Callable
from typing import Protocol

from apispy.model import Item


class Decoder(Protocol):
    """Reads one byte stream, piece by piece. Sans-IO."""

    def feed(self, data: bytes) -> list[Item]:
        """Take the next bytes; give the items that are complete now."""

    def close(self) -> list[Item]:
        """The stream is over; give what is left, a cut-off tail as a ``problem`` item."""


class Stepwise:
    """Reads a stream of frames: each step takes what it can from the pending bytes, and says which comes next."""

    def __init__(self, first: Callable[[], list[Item] | None]) -> None:
        self._pending = bytearray()
        self._start = 0  # of _pending, in the stream
        self._read = first  # gives None when more bytes are needed

    def feed(self, data: bytes) -> list[Item]:
        self._pending += data
        items: list[Item] = []
        while self._pending and (found := self._read()) is not None:
            items += found
        return items

    def _raw(self) -> list[Item]:
        """A step that gives all bytes as they are."""
        value = bytes(self._pending)
        return [Item("raw", "raw", value, self._take(len(value)))]

    def _give_up(self, why: str) -> list[Item]:
        self._read = self._raw
        text = f"{why}, at byte {self._start}; from here on the bytes are shown as they are"
        return [Item("problem", "not a frame", text, (self._start, self._start))]

    def _take(self, size: int) -> tuple[int, int]:
        """Drop the first *size* pending bytes; their span."""
        del self._pending[:size]
        start, self._start = self._start, self._start + size
        return start, self._start


class Sniffer:
    """Holds the first HEAD bytes, or fewer if no more come, then hands all to the decoder that they call for."""

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
        self._inner = self.inner(head[: self.HEAD])
        return self._inner.feed(head)

    def inner(self, head: bytes) -> Decoder:
        """The decoder for a stream that begins with *head*, which is shorter than HEAD only if the stream is."""
        raise NotImplementedError


DECODERS: dict[str, Callable[[], Decoder]] = {}

PAYLOAD_FREE: set[str] = set()
"""The formats whose items never hold a payload or a secret: they may be read where the bytes are withheld."""


def decoder[T: Callable[[], Decoder]](name: str, *, discreet: bool = False) -> Callable[[T], T]:
    """Class decorator: register a decoder under the format's name, *discreet* ones in DISCREET too."""

    def register(cls: T) -> T:
        assert name not in DECODERS, f"two decoders are called {name!r}"
        DECODERS[name] = cls
        if discreet:
            PAYLOAD_FREE.add(name)
        return cls

    return register
