"""Server-sent events, text/event-stream: how Docker Model Runner streams the answers of a model.

Source: the HTML standard, section 9.2. Its servers send ``data: {JSON}`` and an empty line, and ``data: [DONE]`` last.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from apispy.decoders.base import decoder
from apispy.model import Item

EVENT_LIMIT = 1 << 20
"""Bytes of the longest event. After a longer one, the stream is not decoded further."""

_LINE_END = re.compile(rb"\r\n|\n|\r")

FIELDS = ("event", "id", "retry")
"""Fields of an event beside its data."""


@decoder("event-stream")
class EventStream:
    """Server-sent events. One item per event, its span with the empty line after it.

    Kind "json" with the data's JSON value, or "text" with its text; the label is the event's type, "message" without
    one. Comments, which keep a connection alive, are items of kind "text" labeled "comment".
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        self._searched = 0  # pending bytes without the end of an event
        self._start = 0  # offset of _pending in the stream
        self._lost = False

    def feed(self, data: bytes) -> list[Item]:
        self._pending += data
        items = [] if self._lost else list(self._events())
        if not self._lost and len(self._pending) > EVENT_LIMIT:
            self._lost = True
            _, span = self._take(EVENT_LIMIT)
            text = f"the event at byte {span[0]} is longer than {EVENT_LIMIT} bytes; the rest is not decoded"
            items.append(Item("problem", "too long", text, span))
        if self._lost and self._pending:
            rest, span = self._take(len(self._pending))
            items.append(Item("raw", "raw", rest, span))
        return items

    def close(self) -> list[Item]:
        if not self._pending:
            return []
        data, span = self._take(len(self._pending))
        return [_event(data, span)]

    def _events(self) -> Iterator[Item]:
        """Yield the events that are complete. A line ends with LF, CR LF or CR; CR at the end may be half of one."""
        while (end := self._end_of_event()) and end <= EVENT_LIMIT:
            data, span = self._take(end)
            yield _event(data, span)

    def _end_of_event(self) -> int:
        """Return the position after the first empty line that follows a line; 0 if it has not come."""
        at = self._searched
        while (stop := self._end_of_line(at)) > 0:
            following = self._end_of_line(stop)
            if not following:
                break
            if self._pending[stop:following].strip(b"\r\n"):
                at = stop
                continue
            self._searched = 0
            return following
        self._searched = at
        return 0

    def _end_of_line(self, at: int) -> int:
        """Return the position after the line at *at*; 0 if its end has not come."""
        found = _LINE_END.search(self._pending, at)
        if not found or (found[0] == b"\r" and found.end() == len(self._pending)):
            return 0
        return found.end()

    def _take(self, size: int) -> tuple[bytes, tuple[int, int]]:
        data = bytes(self._pending[:size])
        del self._pending[:size]
        self._searched = 0
        start, self._start = self._start, self._start + size
        return data, (start, self._start)


def _event(data: bytes, span: tuple[int, int]) -> Item:
    """Make the item of one event, or of several comments."""
    text = data.decode("utf-8", "replace")
    lines, label, has_fields = list[str](), "message", False
    for line in text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        has_fields = has_fields or name in ("data", *FIELDS)
        if name == "data":
            lines.append(value)
        elif name == "event" and value:
            label = value
    if not has_fields:
        return Item("text", "comment", text, span)
    return _data("\n".join(lines), label, span)


def _data(text: str, label: str, span: tuple[int, int]) -> Item:
    try:
        value: Any = json.loads(text, parse_constant=_reject_constant)
    except (ValueError, RecursionError):
        return Item("text", label, text, span)
    return (
        Item("json", label, value, span)
        if isinstance(value, dict | list)
        else Item("text", label, text, span)
    )


def _reject_constant(constant: str) -> None:
    raise ValueError(constant)
