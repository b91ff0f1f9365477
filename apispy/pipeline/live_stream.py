"""One byte stream while it flows: decoded, cleaned, and its last items remembered."""

import logging
from collections import deque
from collections.abc import Callable

from apispy.decoders.base import Decoder
from apispy.model import Item, Seen
from apispy.redaction.header_fields import without_quotes

HISTORY_ITEMS = 200
HISTORY_BYTES = 256 << 10
"""How much of a live stream's past is remembered, beside its last item."""

LISTED = ("member", "h2c")
WHOLE = ("json", *LISTED)
LISTED_ITEMS = 2000
"""Kinds of items that say of many bytes only what they are: of a stream of these so many are remembered. WHOLE: kinds
that are read when all of their bytes are there, and never in pieces."""

log = logging.getLogger(__name__)


class LiveStream:
    """One byte stream, decoded as it flows. Never raises; remembers its last few items."""

    def __init__(self, decoder: Decoder | None, clean: Callable[[Item], Item] = lambda item: item) -> None:
        self._decoder = decoder
        self._clean = clean
        self.size = 0
        self.at = 0.0  # the time of what comes, in seconds since the exchange began
        self.items: deque[Item] = deque()
        self.forgot = False
        self._times: deque[float] = deque()
        self._past: tuple[Item, ...] | None = None  # what ``past`` gives, until something new is read
        self._remembered = 0
        self._most = HISTORY_ITEMS

    @property
    def past(self) -> tuple[Item, ...]:
        """What is remembered of it."""
        if self._past is None:
            self._past = tuple(self.items)
        return self._past

    def feed(self, data: bytes) -> list[Item]:
        self.size += len(data)
        return self._read(lambda decoder: decoder.feed(data))

    def close(self) -> list[Item]:
        found = self._read(lambda decoder: decoder.close())
        self._decoder = None
        return found

    def skip(self, size: int) -> None:
        """Bytes are missing: what comes behind them cannot be decoded."""
        self.size += size
        self._decoder = None

    def take(self, seen: Seen) -> None:
        """What was read when the missing bytes were there."""
        self.at = seen.at
        self._remember(seen.item)

    def seen_beyond(self, kept: int) -> tuple[Seen, ...]:
        """What is remembered of the bytes behind the first *kept*."""
        pairs = zip(self._times, self.items, strict=True)
        return tuple(Seen(at, item) for at, item in pairs if is_beyond(item, kept))

    def _read(self, step: Callable[[Decoder], list[Item]]) -> list[Item]:
        if self._decoder is None:
            return []
        try:
            found = [self._clean(item) for item in step(self._decoder)]
        except Exception as fault:
            log.exception("a decoder failed")
            self._decoder = None
            text = f"a fault in apispy: {without_quotes(repr(fault))}"
            found = [Item("problem", "not decoded", text, (self.size, self.size))]
        for item in found:
            self._remember(item)
        return found

    def _remember(self, item: Item) -> None:
        self._past = None
        self.items.append(item)
        self._times.append(self.at)
        self._remembered += _weight(item)
        self._most = LISTED_ITEMS if item.kind in LISTED else self._most
        while len(self.items) > 1 and (len(self.items) > self._most or self._remembered > HISTORY_BYTES):
            self._remembered -= _weight(self.items.popleft())
            self._times.popleft()
            self.forgot = True


def _weight(item: Item) -> int:
    """About what it takes to remember an item: as much as the bytes that it was read from."""
    return 0 if item.kind in LISTED else item.span[1] - item.span[0]


def is_beyond(item: Item, kept: int) -> bool:
    """Whether the first *kept* bytes of its stream do not tell an item; of a text they tell its beginning."""
    return item.span[0] >= kept or (item.kind in WHOLE and item.span[1] > kept)
