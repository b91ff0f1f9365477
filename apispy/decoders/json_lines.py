"""Sequences of JSON values: events, progress of builds and pulls, statistics.

Values are separated by a line feed, CR LF, a leading RS (0x1E, RFC 7464), or by nothing. Docker writes each value
together with a line feed, which shows at once that the value is complete.
"""

import re
from collections.abc import Generator
from typing import Any

from apispy import json_codec, lazy
from apispy.decoders.base import decoder
from apispy.json_codec import SPACE, Document
from apispy.model import Item

VALUE_LIMIT = 4 << 20
"""Bytes of the longest value, with the whitespace around it. After a longer one, the stream is not decoded further."""

TAIL_SIZE = 16
"""Bytes at the end of the pending data that are searched for the end of a line."""

DOCUMENT_WAIT = 256 << 10
"""Bytes of a document that are buffered before the end of its first value is searched in them."""

_LEAD = lazy.pattern(rb"[ \t\r\n\x1e]*")
_TRAIL = lazy.pattern(rb"[ \t\r]*")
# Possessive runs, which use no stack and never backtrack: up to a quote or an incomplete escape, and up to a bracket
# or an incomplete string.
_IN_STRING = lazy.pattern(rb"""(?:[^"\\]++|\\.)*+""", re.DOTALL)
_BETWEEN = lazy.pattern(rb"""(?:[^"{}\[\]]++|"%b")*+""" % _IN_STRING.pattern, re.DOTALL)
_QUOTE, _LINE_FEED = b'"\n'
_BEGIN = lazy.pattern(rb"[ \t\r\n\x1e]*[{\[]")
_LINE_END = lazy.pattern(rb"[}\]][ \t\r]*\n\Z")
_END = lazy.pattern(rb"[}\]][ \t\r]*\Z")
_REST = lazy.pattern(rb"[ \t\r]*\n?")


@decoder("json-lines")
class JsonLines:
    """A sequence of JSON values, with any separator between them.

    Items of kind "json", one per value; a line that is not JSON is an item of kind "text".

    The span of a value includes the whitespace before it and the rest of its line. After a value above the limit, the
    remaining bytes of the stream are items of kind "raw".
    """

    wait_size = 0
    """Bytes that are buffered while no line ends. It is above 0 where a stream usually has only one value."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._start = 0  # offset of _pending in the stream
        self._search = _end_of_value(self._pending)
        self._tried = 0  # bytes that were parsed as one value without success
        self._lost = False

    def document(self, document: Document) -> Item | None:
        """Return the item of a stream that is this document; None if its bytes must be decoded.

        It is what ``feed`` and ``close`` return for these bytes.
        """
        value, data = document.value, document.data
        if value is None or len(data) > VALUE_LIMIT or not _REST.fullmatch(data, len(data.rstrip(SPACE))):
            return None
        return self.item(value, (0, len(data)))

    def feed(self, data: bytes) -> list[Item]:
        self._pending += data
        if not self._lost and _BEGIN.match(self._pending):
            if not self._ends_with(_LINE_END):
                if len(self._pending) < self.wait_size:
                    return []
            elif (whole := self._whole()) is not None:
                return [whole]
        items: list[Item] = []
        while not self._lost and (size := self._size()) is not None:
            items.append(self._value(size))
        if not self._lost and len(self._pending) > VALUE_LIMIT:
            items.append(self._give_up())
        return items + self._remaining_raw()

    def close(self) -> list[Item]:
        if _BEGIN.match(self._pending) and self._ends_with(_END) and (whole := self._whole()) is not None:
            return [whole]
        items: list[Item] = []
        while self._pending and (size := self._size()) is not None:  # the buffered values
            items.append(self._value(size))
        return [*items, self._value(len(self._pending))] if self._pending else items

    def _ends_with(self, end: re.Pattern[bytes]) -> bool:
        return end.search(self._pending, max(0, len(self._pending) - TAIL_SIZE)) is not None

    def _whole(self) -> Item | None:
        """Parse all pending bytes as one value, which is many times faster than a search for its end.

        Returns None if they are not one value. It is tried again only with twice as many bytes, which bounds the total
        time.
        """
        if not 2 * self._tried <= len(self._pending) <= VALUE_LIMIT:
            return None
        begin = _LEAD.match(self._pending).end()  # type: ignore[union-attr]
        with memoryview(self._pending) as pending, pending[begin:] as core:
            try:
                value = json_codec.read(core)
            except (ValueError, RecursionError):
                self._tried = len(pending)
                return None
        size = len(self._pending)
        self._pending.clear()
        self._start += size
        self._tried, self._search = 0, _end_of_value(self._pending)
        return self.item(value, (self._start - size, self._start))

    def _size(self) -> int | None:
        """Return the size of the next value, None if it is incomplete or too long."""
        try:
            next(self._search)
        except StopIteration as found:
            size: int = found.value
            if size <= VALUE_LIMIT:
                self._search = _end_of_value(self._pending)
                return size
        return None

    def _value(self, size: int) -> Item:
        data, span = self._take(size)
        kind, label, value = _read(data)
        return self.item(value, span) if kind == "json" else Item(kind, label, value, span)

    def item(self, value: Any, span: tuple[int, int]) -> Item:
        """Make the item for one value. Subclasses can give it a label and children."""
        return Item("json", "json", value, span)

    def _give_up(self) -> Item:
        self._lost = True
        _, span = self._take(VALUE_LIMIT)
        text = f"the JSON value at byte {span[0]} is longer than {VALUE_LIMIT} bytes; the rest is not decoded"
        return Item("problem", "too long", text, span)

    def _remaining_raw(self) -> list[Item]:
        if not self._lost or not self._pending:
            return []
        data, span = self._take(len(self._pending))
        return [Item("raw", "raw", data, span)]

    def _take(self, size: int) -> tuple[bytes, tuple[int, int]]:
        """Remove the first *size* pending bytes. Returns them and their span."""
        data = bytes(self._pending[:size])
        del self._pending[:size]
        start, self._start = self._start, self._start + size
        return data, (start, self._start)


def _read(data: bytes) -> tuple[str, str, Any]:
    """Parse one JSON value with whitespace around it. Returns kind, label and value of its item."""
    core = data.strip(b" \t\r\n\x1e")
    try:
        return "json", "json", json_codec.read(core)
    except (ValueError, RecursionError) as error:
        if core[:1] in (b"{", b"["):
            return "problem", "not JSON", f"{len(core)} bytes of a JSON value cannot be parsed: {error}"
        return "text", "text", data.decode("utf-8", "replace")


_Search = Generator[None, None, int]
"""A search in a buffer that grows between steps. It yields when it needs more bytes, and returns a position."""


def _end_of_value(data: bytearray) -> _Search:
    """Search for the end of the first value, looking at each byte once. A value without brackets ends with its line."""
    at = yield from _past(data, 0, _LEAD)
    if data[at] in b"{[":
        at = yield from _past_brackets(data, at)
        at = yield from _past(data, at, _TRAIL)
        return at + 1 if data[at] == _LINE_FEED else at
    while (stop := data.find(b"\n", at)) < 0:
        at = len(data)
        yield
    return stop + 1


def _past(data: bytearray, at: int, run: re.Pattern[bytes]) -> _Search:
    """Search for the first byte at or after *at* that is not part of the *run*."""
    while True:
        found = run.match(data, at)
        at = found.end() if found else at
        if at < len(data):
            return at
        yield


def _past_brackets(data: bytearray, at: int) -> _Search:
    """Search for the position after the bracket that closes the one at *at*. The JSON parser checks that they match."""
    depth = 0
    while True:
        at = yield from _past(data, at, _BETWEEN)
        if data[at] == _QUOTE:
            at = yield from _past_string(data, at + 1)
            continue
        depth += 1 if data[at] in b"{[" else -1
        at += 1
        if not depth:
            return at


def _past_string(data: bytearray, at: int) -> _Search:
    """Search for the position after the quote that ends a string. *at* is the position after the opening quote."""
    while True:
        at = yield from _past(data, at, _IN_STRING)
        if data[at] == _QUOTE:
            return at + 1
        yield
