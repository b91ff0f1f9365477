"""gRPC calls: methods, statuses, and the messages of those methods that ``grpc_schema`` knows.

Redaction removes the secrets of the messages (``apispy.redaction.grpc_messages``); all other messages are only counted.

Source: gRPC over HTTP/2, github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
"""

import base64
import binascii
import json
import re
from collections import Counter
from typing import Any
from urllib.parse import quote, unquote

from apispy.decoders.dockerfile_excerpt import excerpt_of, source_with
from apispy.decoders.grpc_context import Methods
from apispy.decoders.grpc_schema import ERRORS_ABOUT_BUILDS, message_of
from apispy.decoders.grpc_stream import Budget, MessageReader
from apispy.decoders.protobuf import wire_fields, written_bytes, written_varint
from apispy.decoders.trace_context import FIELD, trace_context
from apispy.http2 import Fields
from apispy.model import REDACTED

MAX_LISTED = 50
"""Header fields that one item lists."""

MAX_FIELD_SIZE = 200
"""Bytes of a header field's name, and of its value, that an item has."""

MAX_ERROR_SIZE = 4096
"""Characters of an error message that an item has."""

MAX_STREAMS = 1000
"""Open streams that are remembered. Data of older ones is only measured."""

MAX_METHODS = 100
"""Methods that are counted by name."""

SHOWN_FIELDS = frozenset(
    (
        *(b":method", b":scheme", b":status", b"content-type", b"user-agent", b"te"),
        *(b"grpc-status", b"grpc-encoding", b"grpc-accept-encoding", b"grpc-timeout"),
        b"dir-name",  # BuildKit: the requested directory, "context" or "dockerfile"
        b"buildkit.ssh.id",  # BuildKit: the requested ssh agent or key, by its name in the Dockerfile
    )
)
"""Header fields that are shown with their values, as is a valid ``traceparent``. Of others (grpc-message too), which
may quote anything, only the names are shown."""

TRACEPARENT = FIELD.encode()

CONTEXT_SIZE = 55
"""Bytes of a ``traceparent``; those of later versions may have more, which may be anything."""

PLAIN = "".join(chr(code) for code in range(0x20, 0x7F) if code != ord("%"))
"""The characters of an error message that are not percent-encoded."""

DETAILS = b"grpc-status-details-bin"

SOURCE_TYPE = b"github.com/moby/buildkit/errdefs.Source+json"
"""The type of the place in the Dockerfile, which BuildKit adds to the status of a call."""

_METHOD = re.compile(rb"/[A-Za-z0-9_.]{1,100}/[A-Za-z0-9_]{1,100}")


class GrpcCalls:
    """The calls in one direction of a connection: requests, or responses. The methods return parts of items' values."""

    def __init__(self, budget: Budget) -> None:
        self.methods: Methods = {}
        self._asks: set[int] = set()  # streams whose requests are in this direction
        self._streams: dict[int, MessageReader] = {}
        self._budget = budget
        self._status: dict[int, int | None] = {}  # of responses, by stream; trailers do not repeat it
        self._methods: Counter[str] = Counter()
        self._statuses: Counter[int] = Counter()

    def headers(self, stream: int, fields: Fields) -> dict[str, Any]:
        """Describe a header block: {"stream", "headers", "method" or "status", "grpc_status", "error"}."""
        given = dict(fields)
        value: dict[str, Any] = {"stream": stream, "headers": _shown(fields)}
        if b":path" in given:
            value["method"] = self._method(given[b":path"])
            self._remember(stream, value["method"])
        if stream not in self._streams:
            self._open(stream, given)
        if b":path" not in given and (status := self._status.get(stream)) is not None:
            value["status"] = status
        if (code := _number(given, b"grpc-status")) is not None:
            self._statuses[code] += 1
            value["grpc_status"] = code
            value |= error_of(self.methods.get(stream, ""), given) if code else {}
        return value

    def data(self, stream: int, data: bytes) -> None:
        """Read the messages in a piece of a stream's data."""
        if messages := self._streams.get(stream):
            messages.feed(data)

    def frame(self, stream: int) -> tuple[list[int], list[dict[str, Any]]]:
        """End a DATA frame. Returns the lengths of the messages that began in it, and the decoded ones that ended:
        {"stream", "method", "part": "request" or "response", "message"}.
        """
        messages = self._streams.get(stream)
        if messages is None:
            return [], []
        lengths, messages.lengths = messages.lengths, []
        found, messages.found = messages.found, []
        part = "request" if stream in self._asks else "response"
        about = {"stream": stream, "method": self.methods.get(stream, ""), "part": part}
        return lengths, [about | {"message": one} for one in found]

    def end(self, stream: int) -> dict[str, Any]:
        """End a stream. Returns {"total": {"messages", "size", "undecoded"}}, or {} if the stream is not known."""
        self._status.pop(stream, None)
        messages = self._streams.pop(stream, None)
        self._asks.discard(stream)
        return {"total": messages.total()} if messages else {}

    def close(self) -> None:
        """End all streams."""
        for stream in list(self._streams):
            self.end(stream)

    def counts(self) -> dict[str, dict[Any, int]]:
        """Return how often each method was called and each grpc-status was returned; empty without calls."""
        if not self._methods and not self._statuses:
            return {}
        return {"calls": dict(self._methods), "statuses": dict(self._statuses)}

    def _remember(self, stream: int, method: str) -> None:
        self.methods[stream] = method
        self._asks.add(stream)
        if len(self.methods) > MAX_STREAMS:
            del self.methods[next(iter(self.methods))]

    def _open(self, stream: int, given: dict[bytes, bytes]) -> None:
        is_grpc = given.get(b"content-type", b"").startswith(b"application/grpc")
        message = message_of(self.methods.get(stream, ""), request=stream in self._asks) if is_grpc else ""
        coding = given.get(b"grpc-encoding", b"")
        self._streams[stream] = MessageReader(self._budget, message, grpc=is_grpc, coding=coding)
        self._status[stream] = _number(given, b":status")
        if len(self._streams) > MAX_STREAMS:
            self.end(next(iter(self._streams)))

    def _method(self, path: bytes) -> str:
        """Return the path if it looks like a gRPC method, otherwise "", because it may contain secrets."""
        name = path.decode("ascii") if _METHOD.fullmatch(path) else ""
        known = name in self._methods or len(self._methods) < MAX_METHODS
        self._methods[name if known else ""] += 1
        return name


def error_of(method: str, given: dict[bytes, bytes]) -> dict[str, Any]:
    """Read the fields that end a call which failed: {"error_message", "source", "excerpt"}, see ``read_details``.

    The message is percent-encoded. {} for methods whose errors are not read.
    """
    if not method.startswith(ERRORS_ABOUT_BUILDS):
        return {}
    coded = given.get(b"grpc-message", b"").decode("utf-8", "backslashreplace")
    text = "" if coded == REDACTED else unquote(coded, errors="backslashreplace")[:MAX_ERROR_SIZE]
    details = read_details(given.get(DETAILS, b""))
    place = {name: details[name] for name in ("source", "excerpt") if name in details}
    return ({"error_message": text} if text else {}) | place


def error_fields(code: int, error: dict[str, Any]) -> dict[bytes, bytes]:
    """Return the fields that ``error_of`` reads as *error*: grpc-message, and a source in grpc-status-details-bin.

    The details have no message: grpc-message has it.
    """
    text = str(error.get("error_message", ""))
    fields = {b"grpc-message": quote(text, safe=PLAIN).encode("ascii")}
    return fields | ({DETAILS: error_details(code, error)} if "source" in error else {})


def error_details(code: int, error: dict[str, Any], message: str = "") -> bytes:
    """Return grpc-status-details-bin with the place in the Dockerfile that *error* has, and the lines around it.

    Go's client takes the message of an error from its details, if a response has them.
    """
    source, excerpt = error["source"], error.get("excerpt")
    place = {"info": {"filename": source["file"]}, "ranges": [{"start": {"line": source["line"]}}]}
    if excerpt:
        place = source_with(source["file"], source["line"], excerpt)
    detail = written_bytes(1, SOURCE_TYPE) + written_bytes(2, json.dumps(place).encode())
    text = message.encode("utf-8", "backslashreplace")
    named = written_bytes(2, text) if text else b""
    status = written_varint(1, code) + named + written_bytes(3, detail)
    return base64.b64encode(status).rstrip(b"=")


def read_details(coded: bytes) -> dict[str, Any]:
    """Read grpc-status-details-bin: {"code", "message", "source": {"file", "line"}, "excerpt"}, each if it has one.

    The source is the place in the Dockerfile that an error is about, the excerpt has the lines around it, see
    ``dockerfile_excerpt``. BuildKit adds them as JSON: google.rpc.Status, 3 details: Any, 1 type, 2 value. Returns {}
    for anything else.
    """
    found: dict[str, Any] = {}
    try:
        status = base64.b64decode(coded + b"=" * (-len(coded) % 4), validate=True)
        for number, _, content in wire_fields(status):
            if number == 1 and isinstance(content, int):
                found["code"] = content
            elif number == 2 and isinstance(content, bytes):
                found["message"] = content.decode("utf-8", "backslashreplace")
            elif number == 3 and isinstance(content, bytes) and "source" not in found:
                parts = {n: part for n, _, part in wire_fields(content) if isinstance(part, bytes)}
                if parts.get(1, b"").endswith(b"/errdefs.Source+json"):
                    found |= _place_and_lines(json.loads(parts.get(2, b"")))
    except (binascii.Error, ValueError, RecursionError):  # ProtobufError is a ValueError
        return {}
    return found


def _place_and_lines(source: Any) -> dict[str, Any]:
    place = _place(source)
    excerpt = excerpt_of(source) if place else {}
    return ({"source": place} if place else {}) | ({"excerpt": excerpt} if excerpt else {})


def _place(value: Any) -> dict[str, Any]:
    try:
        name, line = value["info"]["filename"], value["ranges"][0]["start"]["line"]
    except (LookupError, TypeError):
        return {}
    return {"file": name, "line": line} if isinstance(name, str) and isinstance(line, int) else {}


def _shown(fields: Fields) -> list[list[str | None]]:
    """Return [name, value] of each field; the value is None if it must not be shown."""
    return [
        [_text(name), _text(value) if _is_shown(name, value) else None] for name, value in fields[:MAX_LISTED]
    ]


def _is_shown(name: bytes, value: bytes) -> bool:
    if name == TRACEPARENT:
        return len(value) == CONTEXT_SIZE and trace_context(_text(value)) is not None
    return name in SHOWN_FIELDS


def _number(given: dict[bytes, bytes], name: bytes) -> int | None:
    value = given.get(name, b"")
    return int(value) if value.isdigit() and len(value) <= 3 else None


def _text(data: bytes) -> str:
    return data[:MAX_FIELD_SIZE].decode("utf-8", "backslashreplace")
