"""The tabs of a live page, which asks for them: made of the last calls, and only when it does."""

import asyncio
import logging
from collections import deque

from apispy.app.page_tabs import TABS, Tab, make_tab
from apispy.app.web import Answer, json_answer
from apispy.app.web.feed import MAX_BYTES, MAX_ITEMS
from apispy.outputs.base import DecodedCall

log = logging.getLogger(__name__)

CALLS_PER_ANSWER = 1000
"""Calls that a tab of a live page reads for one answer. The page asks again for the others."""


class LiveTabs:
    """The tabs of a live page, of the calls that ``add`` gets. Use it in one event loop.

    Until a tab is asked for, it only remembers the last calls: nothing is made of them. Each tab reads them from there
    when a page asks for it, and reports how many it has not seen because they were too many.
    """

    def __init__(self, *, max_calls: int = MAX_ITEMS, max_bytes: int = MAX_BYTES) -> None:
        self._max_calls, self._max_bytes = max_calls, max_bytes
        self._calls: deque[tuple[DecodedCall, int]] = deque()  # with their sizes
        self._bytes = 0
        self._total = 0
        self._readers = {name: _Reader(name) for name in TABS}

    @property
    def kept(self) -> tuple[int, int]:
        """The calls that are kept, and their bytes."""
        return len(self._calls), self._bytes

    def add(self, decoded: DecodedCall, size: int) -> None:
        """Take the next call, which has ended. *size* estimates the bytes that it keeps in memory."""
        self._calls.append((decoded, size))
        self._bytes += size
        self._total += 1
        while len(self._calls) > self._max_calls or self._bytes > self._max_bytes:
            self._bytes -= self._calls.popleft()[1]

    async def answer(self, name: str) -> Answer:
        """Return what the tab *name*, one of TABS, says of the calls so far.

        A JSON object: ``value``, as for the page of a file; the numbers of ``calls`` in it, of those that it
        ``missed``, and of those that are ``left`` to read.
        """
        reader = self._readers[name]
        async with reader.lock:  # several pages may ask
            await self._let_read(reader)
            return await asyncio.to_thread(reader.answer, self._total)

    async def _let_read(self, reader: "_Reader") -> None:
        await asyncio.to_thread(reader.load)
        for _ in range(CALLS_PER_ANSWER):
            first = self._total - len(self._calls) + 1
            if reader.last + 1 < first:
                reader.missed += first - 1 - reader.last
                reader.last = first - 1
            if reader.last == self._total:
                return
            decoded, _ = self._calls[reader.last + 1 - first]
            reader.take(decoded)
            await asyncio.sleep(0)  # the traffic first


class _Reader:
    """A tab, and how far it has read the calls."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._tab: Tab | None = None
        self._answer: Answer | None = None  # as long as there is nothing new
        self._answered: tuple[int, int] | None = None
        self.lock = asyncio.Lock()
        self.last = 0  # the number of the last call that it has read or missed
        self.missed = 0

    def load(self) -> None:
        """Make the tab, unless it is made. Takes a while: it imports modules."""
        self._tab = self._tab or make_tab(self._name)

    def take(self, decoded: DecodedCall) -> None:
        """Add the next call."""
        assert self._tab is not None
        self.last += 1
        try:
            self._tab.add(decoded)
        except Exception:  # a fault of one call must not end the tab
            log.exception("a call cannot be shown in the tab %s", self._name)
            self.missed += 1

    def answer(self, total: int) -> Answer:
        """Return the answer of ``LiveTabs.answer``."""
        assert self._tab is not None
        if self._answer is None or self._answered != (self.last, total):
            counts = {"calls": self.last - self.missed, "missed": self.missed, "left": total - self.last}
            self._answer = json_answer({"value": self._tab.value(), **counts})
            self._answered = self.last, total
        return self._answer
