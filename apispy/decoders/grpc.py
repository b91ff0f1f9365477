"""What of gRPC calls may be shown: methods, statuses, how many messages; never what is in them.

A message is a byte that tells whether it is compressed, its length as an unsigned 32-bit number, most significant byte
first, and its content. Source: gRPC over HTTP/2, github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
"""

import re
from collections import Counter
from typing import Any

from apispy.decoders.h2c_headers import Fields

PREFIX = 5
"""Bytes before each message."""

LISTED = 50
"""Header fields, and lengths of messages, that one item names."""

LONGEST = 200
"""Bytes of a header field's name, and of its value, that are given."""

STREAMS = 1000
"""Open streams remembered; what comes in older ones is only measured."""

METHODS = 100
"""Methods that are counted by name."""

SHOWN = frozenset(
    (
        *(b":method", b":scheme", b":status", b"content-type", b"user-agent", b"te"),
        *(b"grpc-status", b"grpc-encoding", b"grpc-accept-encoding", b"grpc-timeout"),
        b"dir-name",  # BuildKit's: the directory that is asked for, "context" or "dockerfile"
    )
)
"""Header fields whose values are given. Of the others (grpc-message too) only names are: they may quote anything."""

_METHOD = re.compile(rb"/[A-Za-z0-9_.]{1,100}/[A-Za-z0-9_]{1,100}")


class Messages:
    """Counts the messages in one direction of a stream.

    ``count`` is the number of those that have begun, None if this is no gRPC; ``size`` is the bytes of all, prefixes
    too; ``lengths`` are those of the first LISTED that began since it was last emptied.
    """

    def __init__(self, *, grpc: bool) -> None:
        self.count: int | None = 0 if grpc else None
        self.size = 0
        self.lengths: list[int] = []
        self._prefix = b""
        self._left = 0  # of the open message

    def feed(self, data: bytes) -> None:
        self.size += len(data)
        at = 0
        while at < len(data) and self.count is not None:
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
            else:
                step = min(PREFIX - len(self._prefix), len(data) - at)
                self._prefix += data[at : at + step]
                self._begin()
            at += step

    def _begin(self) -> None:
        """Begin a message, if its prefix is complete."""
        if self.count is None or len(self._prefix) < PREFIX:
            return
        compressed, self._left = self._prefix[0], int.from_bytes(self._prefix[1:])
        self._prefix = b""
        if compressed > 1:  # no gRPC, whatever the header says
            self.count = None
            return
        self.count += 1
        if len(self.lengths) < LISTED:
            self.lengths.append(self._left)


class Calls:
    """The calls in one direction of a connection: its requests, or its answers. Gives parts of items' values."""

    def __init__(self) -> None:
        self._streams: dict[int, Messages] = {}
        self._status: dict[int, int | None] = {}  # of answers, by stream: trailers don't repeat it
        self._methods: Counter[str] = Counter()
        self._statuses: Counter[int] = Counter()

    def headers(self, stream: int, fields: Fields) -> dict[str, Any]:
        """What a header block says: {"headers", "method" or "status", "grpc_status"}."""
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
        """Count a piece of what a stream carries."""
        if messages := self._streams.get(stream):
            messages.feed(data)

    def frame(self, stream: int) -> list[int]:
        """A DATA frame is over: the lengths of the messages that began in it."""
        messages = self._streams.get(stream)
        if messages is None:
            return []
        lengths, messages.lengths = messages.lengths, []
        return lengths

    def end(self, stream: int) -> dict[str, Any]:
        """A stream is over: {"total": {"messages", "size"}}, or nothing if it is not known."""
        self._status.pop(stream, None)
        messages = self._streams.pop(stream, None)
        return {"total": {"messages": messages.count, "size": messages.size}} if messages else {}

    def counts(self) -> dict[str, dict[Any, int]]:
        """How often each method was called and each grpc-status was answered; empty if none was."""
        if not self._methods and not self._statuses:
            return {}
        return {"calls": dict(self._methods), "statuses": dict(self._statuses)}

    def _open(self, stream: int, given: dict[bytes, bytes]) -> None:
        self._streams[stream] = Messages(grpc=given.get(b"content-type", b"").startswith(b"application/grpc"))
        self._status[stream] = _number(given, b":status")
        if len(self._streams) > STREAMS:
            self.end(next(iter(self._streams)))

    def _method(self, path: bytes) -> str:
        """The path if it looks like a gRPC method's, else "": it may hold anything then."""
        name = path.decode("ascii") if _METHOD.fullmatch(path) else ""
        known = name in self._methods or len(self._methods) < METHODS
        self._methods[name if known else ""] += 1
        return name


def _shown(fields: Fields) -> list[list[str | None]]:
    """[name, value], the value None if it is not for showing."""
    return [[_text(name), _text(value) if name in SHOWN else None] for name, value in fields[:LISTED]]


def _number(given: dict[bytes, bytes], name: bytes) -> int | None:
    value = given.get(name, b"")
    return int(value) if value.isdigit() and len(value) <= 3 else None


def _text(data: bytes) -> str:
    return data[:LONGEST].decode("utf-8", "backslashreplace")
