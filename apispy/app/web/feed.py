"""What the page is fed with: the last calls of a session, in bounded memory, for any number of readers.

The calls are in one ring, and a reader is only the number of the last call that it got. So a slow reader costs nothing
and delays nobody: it misses the calls that have left the ring, and learns how many they were.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from apispy.outputs.decoded_values import ascii_json
from apispy.structs import Struct

log = logging.getLogger(__name__)

MAX_ITEMS = 5000
"""Items that are kept."""

MAX_BYTES = 32 << 20
"""Bytes of items that are kept."""

BATCH_ITEMS = 50
BATCH_BYTES = 64 << 10
"""Limits of one reading, so that no other work waits for it. An item is never divided."""


class _Item(Struct):
    name: str
    size: int  # what counts in the ring: an estimate, then the length of the JSON
    make: Callable[[], Any] | None  # None once ``json`` is known
    json: str = ""
    is_kept: bool = True  # in the ring


class Message(Struct, frozen=True):
    """An item for a reader. ``number`` counts from 1 over the whole session."""

    number: int
    name: str
    json: str  # printable ASCII on one line


class Batch(Struct, frozen=True):
    """The next items for a reader. It has missed the *missed* items before them."""

    missed: int
    messages: tuple[Message, ...]
    last: int  # the number to read after, next time


class Feed:
    """A ring of items, written by one thread and read by others. No method waits for another thread's work."""

    def __init__(self, *, max_items: int = MAX_ITEMS, max_bytes: int = MAX_BYTES) -> None:
        self._max_items, self._max_bytes = max_items, max_bytes
        self._items: deque[_Item] = deque()
        self._bytes = 0
        self._total = 0
        self._lock = threading.Lock()  # held for a few steps at a time, never while JSON is made
        self._asleep: set[Callable[[], None]] = set()
        self._readers = 0
        self.has_ended = False  # no item will come any more

    @property
    def total(self) -> int:
        """The items of the whole session, kept or not."""
        return self._total

    @property
    def kept(self) -> tuple[int, int]:
        """The items that are kept, and their bytes."""
        return len(self._items), self._bytes

    @property
    def has_readers(self) -> bool:
        """Whether a page is open."""
        return self._readers > 0

    @contextmanager
    def reader(self) -> Iterator[None]:
        """Count as a reader while the block runs."""
        with self._lock:
            self._readers += 1
        try:
            yield
        finally:
            with self._lock:
                self._readers -= 1

    def end(self) -> None:
        """Let the readers know that no item will come any more."""
        with self._lock:
            self.has_ended = True
            asleep, self._asleep = self._asleep, set()
        for wake in asleep:
            wake()

    def add(self, name: str, size: int, make: Callable[[], Any]) -> None:
        """Take the next item. *make* returns its JSON value, redacted; it runs once, when a reader comes to the item.

        *size* estimates the bytes that the item keeps in memory until then. *name* is a word: "call", "notice".
        """
        with self._lock:
            self._items.append(_Item(name, size, make))
            self._bytes += size
            self._total += 1
            self._shrink()
            asleep, self._asleep = self._asleep, set()
        for wake in asleep:
            wake()

    def read(self, after: int) -> Batch:
        """Return the items after the one with the number *after*. A number that is not of this session is 0."""
        with self._lock:
            after = after if 0 <= after <= self._total else 0
            first = self._total - len(self._items) + 1
            begin = max(after + 1, first)
            items = list(islice(self._items, begin - first, begin - first + BATCH_ITEMS))
        messages: list[Message] = []
        size = 0
        for number, item in enumerate(items, begin):
            text = self._json(item)
            messages.append(Message(number, item.name, text))
            size += len(text)
            if size >= BATCH_BYTES:
                break
        return Batch(begin - after - 1, tuple(messages), begin - 1 + len(messages))

    def sleep(self, after: int, wake: Callable[[], None]) -> bool:
        """Have *wake* called, once, when there is an item after *after*, or the feed ends. Returns False if so already.

        *wake* is called in the thread of ``add``, and must return at once.
        """
        with self._lock:
            if after < self._total or self.has_ended:
                return False
            self._asleep.add(wake)
            return True

    def forget(self, wake: Callable[[], None]) -> None:
        """Do not call *wake* any more."""
        with self._lock:
            self._asleep.discard(wake)

    def _json(self, item: _Item) -> str:
        make = item.make
        if make is None:
            return item.json
        try:
            text = ascii_json(make())
        except Exception:  # a fault of one item must not end the page
            log.exception("an item cannot be shown on the page")
            text = ascii_json({"problem": "an internal error in apispy: this cannot be shown"})
        with self._lock:
            if item.make is not None:  # no other reader was faster
                self._bytes += (len(text) - item.size) if item.is_kept else 0
                item.json, item.size, item.make = text, len(text), None
                self._shrink()
        return text

    def _shrink(self) -> None:
        while self._items and (len(self._items) > self._max_items or self._bytes > self._max_bytes):
            oldest = self._items.popleft()
            oldest.is_kept = False
            self._bytes -= oldest.size
