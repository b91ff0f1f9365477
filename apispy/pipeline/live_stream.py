"""A byte stream of an open call: decoded and redacted as it arrives, with its last items in memory."""

import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from apispy.decoders.base import Decoder
from apispy.decoders.grpc_messages import CARRIERS
from apispy.model import Body, Item, Seen
from apispy.redaction.header_fields import without_quotes

HISTORY_ITEMS = 200
HISTORY_BYTES = 256 << 10
"""The history of a stream that is kept in memory, in addition to its last item."""

LISTED = {"member": 2000, **dict.fromkeys(CARRIERS, 5000)}
"""Kinds of items that summarize many bytes, and how many of them are kept."""

MESSAGE_BYTES = 2 << 20
"""The same for gRPC messages, so that a capture has a build from its beginning."""

WHOLE = ("json", *LISTED)
"""Kinds of items that decoders give only when all of their bytes are there."""

log = logging.getLogger(__name__)


class LiveStream:
    """A byte stream that is decoded as it arrives, with its last items. Its methods never raise."""

    def __init__(self, decoder: Decoder | None, clean: Callable[[Item], Item] = lambda item: item) -> None:
        self._decoder = decoder
        self._clean = clean
        self.size = 0
        self.at = 0.0  # time of the next bytes, in seconds since the exchange began
        self.items: deque[Item] = deque()
        self.has_forgotten = False
        self._times: deque[float] = deque()
        self._past: tuple[Item, ...] | None = None  # cache of ``past``
        self._memory_bytes = 0
        self._max_items = HISTORY_ITEMS
        self._first: Item | None = None  # before *clean*; dropped when a second item is decoded

    @property
    def only_value(self) -> Any:
        """The JSON value that all bytes so far are, as decoded, so not redacted; None if they are anything else."""
        first = self._first
        return first.value if first and first.kind == "json" and first.span == (0, self.size) else None

    @property
    def past(self) -> tuple[Item, ...]:
        """The items in memory."""
        if self._past is None:
            self._past = tuple(self.items)
        return self._past

    def feed(self, data: bytes) -> list[Item]:
        """Decode the next bytes; return the items that are complete."""
        self.size += len(data)
        return self._read(lambda decoder: decoder.feed(data))

    def take_whole(self, body: Body, document: Item | None, duration: float) -> list[Item]:
        """Take a whole stream at once; return its items, each with the time that it would have had live.

        *document*: its only item, if it is one JSON document. *duration*: of the exchange, in seconds.
        """
        self.at = body.chunks[-1].at if body.chunks else 0.0
        if document is None:
            found = self.feed(body.data)
            self.at = duration if body.ended_at is None else body.ended_at
            return [*found, *self.close()]
        self.size += document.span[1]
        found = self._read(lambda _: [document])
        self._decoder = None
        return found

    def close(self) -> list[Item]:
        """End the stream; return its last items."""
        found = self._read(lambda decoder: decoder.close())
        self._decoder = None
        return found

    def skip(self, size: int) -> None:
        """Count bytes that are missing. Bytes after them cannot be decoded."""
        self.size += size
        if self._decoder is not None:
            self._decoder.close()  # it may hold a part of what open messages may have together
        self._decoder = None

    def add_seen(self, seen: Seen) -> None:
        """Add an item that was decoded from bytes that are missing now."""
        self.at = seen.at
        self._remember(seen.item)

    def seen_beyond(self, kept: int) -> tuple[Seen, ...]:
        """The items in memory that are not in the first *kept* bytes."""
        pairs = zip(self._times, self.items, strict=True)
        return tuple(Seen(at, item) for at, item in pairs if is_beyond(item, kept))

    def _read(self, step: Callable[[Decoder], list[Item]]) -> list[Item]:
        if self._decoder is None:
            return []
        try:
            decoded = step(self._decoder)
            if decoded:
                self._first = decoded[0] if len(decoded) == 1 and not self.items else None
            found = [self._clean(item) for item in decoded]
        except Exception as fault:
            log.exception("a decoder failed")
            self._decoder = None
            text = f"an internal error in apispy: {without_quotes(repr(fault))}"
            found = [Item("problem", "not decoded", text, (self.size, self.size))]
        for item in found:
            self._remember(item)
        return found

    def _remember(self, item: Item) -> None:
        self._past = None
        self.items.append(item)
        self._times.append(self.at)
        self._memory_bytes += _weight(item)
        self._max_items = LISTED.get(item.kind, self._max_items)
        max_bytes = MESSAGE_BYTES if item.kind in CARRIERS else HISTORY_BYTES
        while len(self.items) > 1 and (len(self.items) > self._max_items or self._memory_bytes > max_bytes):
            self._memory_bytes -= _weight(self.items.popleft())
            self._times.popleft()
            self.has_forgotten = True


def _weight(item: Item) -> int:
    """The approximate memory of an item: the size of the bytes that it was decoded from."""
    return 0 if item.kind in LISTED and not item.children else item.span[1] - item.span[0]


def is_beyond(item: Item, kept: int) -> bool:
    """Whether an item cannot be decoded from the first *kept* bytes of its stream, not even in part."""
    return item.span[0] >= kept or (item.kind in WHOLE and item.span[1] > kept)
