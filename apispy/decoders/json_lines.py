"""JSON values one after another: events, progress of builds and pulls, statistics.

Values are separated by a line feed, CR LF, a leading RS (0x1E, RFC 7464), or by nothing. Docker ends each with a line
feed, written together with it, so that a value is known to be over as soon as it has come.
"""

import json
import re
from collections.abc import Generator
from typing import Any

from apispy.decoders.base import decoder
from apispy.model import Item

VALUE_LIMIT = 4 << 20
"""The longest value read, in bytes, with the blanks around it. Beyond it nothing more is read in the stream."""

TAIL = 16
"""Bytes at the end of what has come in which the end of a line is looked for."""

PATIENCE = 256 << 10
"""Bytes of a document that are waited for, before the end of its first value is looked for in them."""

_LEAD = re.compile(rb"[ \t\r\n\x1e]*")
_TRAIL = re.compile(rb"[ \t\r]*")
# Runs, possessive so that they take neither stack nor second looks: up to the quote or half an escape, and up to a
# bracket or half a string.
_IN_STRING = re.compile(rb"""(?:[^"\\]++|\\.)*+""", re.DOTALL)
_BETWEEN = re.compile(rb"""(?:[^"{}\[\]]++|"%b")*+""" % _IN_STRING.pattern, re.DOTALL)
_QUOTE, _LINE_FEED = b'"\n'
_BEGIN = re.compile(rb"[ \t\r\n\x1e]*[{\[]")
_LINE_END = re.compile(rb"[}\]][ \t\r]*\n\Z")
_END = re.compile(rb"[}\]][ \t\r]*\Z")


@decoder("json-lines")
class JsonLines:
    """A sequence of JSON values, with any separator between them.

    Items of kind "json", one for each value; a line that is no JSON is an item of kind "text".

    The span of a value includes the blanks before it and the rest of its line. Once a value is over the limit, the
    stream's remaining bytes are items of kind "raw".
    """

    patience = 0
    """Bytes that are waited for while no line ends, because as a rule there is one value only."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._start = 0  # of _pending, in the stream
        self._search = _end_of_value(self._pending)
        self._tried = 0  # bytes that were taken for one value and were none
        self._lost = False

    def feed(self, data: bytes) -> list[Item]:
        self._pending += data
        if not self._lost and _BEGIN.match(self._pending):
            if not self._ends_with(_LINE_END):
                if len(self._pending) < self.patience:
                    return []
            elif (whole := self._whole()) is not None:
                return [whole]
        items: list[Item] = []
        while not self._lost and (size := self._size()) is not None:
            items.append(self._value(size))
        if not self._lost and len(self._pending) > VALUE_LIMIT:
            items.append(self._give_up())
        return items + self._rest_raw()

    def close(self) -> list[Item]:
        if _BEGIN.match(self._pending) and self._ends_with(_END) and (whole := self._whole()) is not None:
            return [whole]
        items: list[Item] = []
        while self._pending and (size := self._size()) is not None:  # what was waited for
            items.append(self._value(size))
        return [*items, self._value(len(self._pending))] if self._pending else items

    def _ends_with(self, end: re.Pattern[bytes]) -> bool:
        return end.search(self._pending, max(0, len(self._pending) - TAIL)) is not None

    def _whole(self) -> Item | None:
        """All that is pending as one value, if it is one: many times as quick as to look for its end.

        It is tried again only when there is twice as much, so that it cannot take long in all.
        """
        if not 2 * self._tried <= len(self._pending) <= VALUE_LIMIT:
            return None
        kind, _, value = _read(bytes(self._pending))
        if kind != "json":
            self._tried = len(self._pending)
            return None
        self._tried, self._search = 0, _end_of_value(self._pending)
        return self.item(value, self._take(len(self._pending))[1])

    def _size(self) -> int | None:
        """The bytes of the next value, None if it is not all here or is too long."""
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
        """The item for one value. A format of such values can give it a label and children of its own."""
        return Item("json", "json", value, span)

    def _give_up(self) -> Item:
        self._lost = True
        _, span = self._take(VALUE_LIMIT)
        text = f"the JSON value at byte {span[0]} is longer than {VALUE_LIMIT} bytes; the rest is not read"
        return Item("problem", "too long", text, span)

    def _rest_raw(self) -> list[Item]:
        if not self._lost or not self._pending:
            return []
        data, span = self._take(len(self._pending))
        return [Item("raw", "raw", data, span)]

    def _take(self, size: int) -> tuple[bytes, tuple[int, int]]:
        """The first *size* pending bytes, which are dropped, and their span."""
        data = bytes(self._pending[:size])
        del self._pending[:size]
        start, self._start = self._start, self._start + size
        return data, (start, self._start)


def _read(data: bytes) -> tuple[str, str, Any]:
    """Kind, label and value of what should be one JSON value with blanks around it."""
    core = data.strip(b" \t\r\n\x1e")
    try:
        return "json", "json", json.loads(core.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        if core[:1] in (b"{", b"["):
            return "problem", "not JSON", f"{len(core)} bytes of a JSON value cannot be read: {error}"
        return "text", "text", data.decode("utf-8", "replace")


def _refuse(constant: str) -> None:
    """NaN and Infinity, which Python's reader would let pass."""
    raise ValueError(f"{constant} is not JSON")


# A search gets a buffer that grows between its steps. It yields when it needs more of it, and returns a position.
_Search = Generator[None, None, int]


def _end_of_value(data: bytearray) -> _Search:
    """Where the first value ends. Looks at each byte once. What opens no bracket ends with its line."""
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
    """The first byte from *at* on that is not part of the *run*."""
    while True:
        found = run.match(data, at)
        at = found.end() if found else at
        if at < len(data):
            return at
        yield


def _past_brackets(data: bytearray, at: int) -> _Search:
    """Behind the bracket that closes the one at *at*. Whether they match in kind is for the JSON reader to say."""
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
    """Behind the quote that ends a string; *at* is behind the one that opens it."""
    while True:
        at = yield from _past(data, at, _IN_STRING)
        if data[at] == _QUOTE:
            return at + 1
        yield
