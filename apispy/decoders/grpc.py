"""The parts of gRPC calls that may be shown: methods, statuses, numbers of messages; never the content of a message.

A message is one byte that shows whether it is compressed, its length as an unsigned 32-bit big-endian number, and its
content. Source: gRPC over HTTP/2, github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
"""

import re
from collections import Counter
from typing import Any

from apispy.http2 import Fields

PREFIX_SIZE = 5
"""Bytes before each message."""

MAX_LISTED = 50
"""Header fields, and lengths of messages, that one item lists."""

MAX_FIELD_SIZE = 200
"""Bytes of a header field's name, and of its value, that an item has."""

MAX_STREAMS = 1000
"""Open streams that are remembered. Data of older ones is only measured."""

MAX_METHODS = 100
"""Methods that are counted by name."""

SHOWN_FIELDS = frozenset(
    (
        *(b":method", b":scheme", b":status", b"content-type", b"user-agent", b"te"),
        *(b"grpc-status", b"grpc-encoding", b"grpc-accept-encoding", b"grpc-timeout"),
        b"dir-name",  # BuildKit: the requested directory, "context" or "dockerfile"
    )
)
"""Header fields that are shown with their values. Of others (grpc-message too), which may quote anything, only the
names are shown."""

_METHOD = re.compile(rb"/[A-Za-z0-9_.]{1,100}/[A-Za-z0-9_]{1,100}")


class MessageCounter:
    """Counts the messages in one direction of a stream.

    ``count`` is the number of messages that have begun, None if the stream is not gRPC; ``size`` is the size of all, in
    bytes, with prefixes; ``lengths`` has the lengths of the first MAX_LISTED that began since it was last emptied.
    """

    def __init__(self, *, grpc: bool) -> None:
        self.count: int | None = 0 if grpc else None
        self.size = 0
        self.lengths: list[int] = []
        self._prefix = b""
        self._left = 0  # bytes left of the open message

    def feed(self, data: bytes) -> None:
        self.size += len(data)
        at = 0
        while at < len(data) and self.count is not None:
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
            else:
                step = min(PREFIX_SIZE - len(self._prefix), len(data) - at)
                self._prefix += data[at : at + step]
                self._begin()
            at += step

    def _begin(self) -> None:
        """Begin a message, if its prefix is complete."""
        if self.count is None or len(self._prefix) < PREFIX_SIZE:
            return
        compressed, self._left = self._prefix[0], int.from_bytes(self._prefix[1:])
        self._prefix = b""
        if compressed > 1:  # not gRPC, whatever the header says
            self.count = None
            return
        self.count += 1
        if len(self.lengths) < MAX_LISTED:
            self.lengths.append(self._left)


class GrpcCalls:
    """The calls in one direction of a connection: requests, or responses. The methods return parts of items' values."""

    def __init__(self) -> None:
        self._streams: dict[int, MessageCounter] = {}
        self._status: dict[int, int | None] = {}  # of responses, by stream; trailers do not repeat it
        self._methods: Counter[str] = Counter()
        self._statuses: Counter[int] = Counter()

    def headers(self, stream: int, fields: Fields) -> dict[str, Any]:
        """Describe a header block: {"stream", "headers", "method" or "status", "grpc_status"}."""
        given = dict(fields)
        value: dict[str, Any] = {"stream": stream, "headers": _shown(fields)}
        if stream not in self._streams:
            self._open(stream, given)
        if b":path" in given:
            value["method"] = self._method(given[b":path"])
        elif (status := self._status.get(stream)) is not None:
            value["status"] = status
        if (code := _number(given, b"grpc-status")) is not None:
            self._statuses[code] += 1
            value["grpc_status"] = code
        return value

    def data(self, stream: int, data: bytes) -> None:
        """Count the messages in a piece of a stream's data."""
        if messages := self._streams.get(stream):
            messages.feed(data)

    def frame(self, stream: int) -> list[int]:
        """End a DATA frame. Returns the lengths of the messages that began in it."""
        messages = self._streams.get(stream)
        if messages is None:
            return []
        lengths, messages.lengths = messages.lengths, []
        return lengths

    def end(self, stream: int) -> dict[str, Any]:
        """End a stream. Returns {"total": {"messages", "size"}}, or {} if the stream is not known."""
        self._status.pop(stream, None)
        messages = self._streams.pop(stream, None)
        return {"total": {"messages": messages.count, "size": messages.size}} if messages else {}

    def counts(self) -> dict[str, dict[Any, int]]:
        """Return how often each method was called and each grpc-status was returned; empty without calls."""
        if not self._methods and not self._statuses:
            return {}
        return {"calls": dict(self._methods), "statuses": dict(self._statuses)}

    def _open(self, stream: int, given: dict[bytes, bytes]) -> None:
        self._streams[stream] = MessageCounter(
            grpc=given.get(b"content-type", b"").startswith(b"application/grpc")
        )
        self._status[stream] = _number(given, b":status")
        if len(self._streams) > MAX_STREAMS:
            self.end(next(iter(self._streams)))

    def _method(self, path: bytes) -> str:
        """Return the path if it looks like a gRPC method, otherwise "", because it may contain secrets."""
        name = path.decode("ascii") if _METHOD.fullmatch(path) else ""
        known = name in self._methods or len(self._methods) < MAX_METHODS
        self._methods[name if known else ""] += 1
        return name


def _shown(fields: Fields) -> list[list[str | None]]:
    """Return [name, value] of each field; the value is None if it must not be shown."""
    return [
        [_text(name), _text(value) if name in SHOWN_FIELDS else None] for name, value in fields[:MAX_LISTED]
    ]


def _number(given: dict[bytes, bytes], name: bytes) -> int | None:
    value = given.get(name, b"")
    return int(value) if value.isdigit() and len(value) <= 3 else None


def _text(data: bytes) -> str:
    return data[:MAX_FIELD_SIZE].decode("utf-8", "backslashreplace")
