"""OTLP as protobuf, from objects of OTLP/JSON: what is sent to a collector.

Every receiver of OTLP takes protobuf, over HTTP and gRPC; JSON is optional for it. The generated classes of
opentelemetry-proto would do, but they are a package of 4 MB, with protobuf, for the few messages below. Tests read what
is written with these classes.

A type is ``text``, ``id`` (hexadecimal in JSON), ``integer`` (a varint), ``fixed`` (64 bits), ``fixed32``, ``double``,
``flag`` or a message; ``*`` marks a list, whose numbers are packed.

Source: github.com/open-telemetry/opentelemetry-proto, as of November 2026.
"""

import struct
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from apispy.decoders.grpc_schema import fields_in
from apispy.decoders.protobuf import FIXED32, FIXED64, LENGTH, VARINT, written_number

MESSAGES = {
    "Traces": "1 resourceSpans ResourceSpans*",
    "ResourceSpans": "1 resource Resource, 2 scopeSpans ScopeSpans*",
    "ScopeSpans": "1 scope Scope, 2 spans Span*",
    "Metrics": "1 resourceMetrics ResourceMetrics*",
    "ResourceMetrics": "1 resource Resource, 2 scopeMetrics ScopeMetrics*",
    "ScopeMetrics": "1 scope Scope, 2 metrics Metric*",
    "Resource": "1 attributes KeyValue*",
    "Scope": "1 name text, 2 version text",
    "KeyValue": "1 key text, 2 value AnyValue",
    "AnyValue": "1 stringValue text, 2 boolValue flag, 3 intValue integer, 4 doubleValue double,"
    " 5 arrayValue ArrayValue",
    "ArrayValue": "1 values AnyValue*",
    "Span": "1 traceId id, 2 spanId id, 4 parentSpanId id, 5 name text, 6 kind integer, 7 startTimeUnixNano fixed,"
    " 8 endTimeUnixNano fixed, 9 attributes KeyValue*, 11 events Event*, 12 droppedEventsCount integer,"
    " 13 links Link*, 15 status Status, 16 flags fixed32",
    "Event": "1 timeUnixNano fixed, 2 name text, 3 attributes KeyValue*",
    "Link": "1 traceId id, 2 spanId id, 4 attributes KeyValue*",
    "Status": "2 message text, 3 code integer",
    "Metric": "1 name text, 2 description text, 3 unit text, 7 sum Sum, 9 histogram Histogram",
    "Sum": "1 dataPoints NumberDataPoint*, 2 aggregationTemporality integer, 3 isMonotonic flag",
    "NumberDataPoint": "2 startTimeUnixNano fixed, 3 timeUnixNano fixed, 6 asInt fixed, 7 attributes KeyValue*",
    "Histogram": "1 dataPoints HistogramDataPoint*, 2 aggregationTemporality integer",
    "HistogramDataPoint": "2 startTimeUnixNano fixed, 3 timeUnixNano fixed, 4 count fixed, 5 sum double,"
    " 6 bucketCounts fixed*, 7 explicitBounds double*, 9 attributes KeyValue*",
}
"""The fields of each message: number, name in OTLP/JSON, type. Traces and Metrics are the requests of an export."""

Write = Callable[[Any], bytes]
"""Writes one value, without number and type."""


def encode(message: str, value: dict[str, Any]) -> bytes:
    """Encode an object as the *message* of the table. All its members are written, those with default values too."""
    writers = _writers(message)
    return b"".join([writers[name](content) for name, content in value.items()])


def field(message: str, name: str, pieces: list[bytes]) -> list[bytes]:
    """Write the field *name* of *message*, which is a message that is encoded already, or an element of a list.

    Its content comes and goes in pieces, as to copy large messages takes as long as to encode them.
    """
    return [_tag(message, name), written_number(sum(map(len, pieces))), *pieces]


class RepeatedSpans:
    """Encodes Spans that differ only in their IDs, their times and one attribute that is a number.

    *fields* are the fields that all have, encoded; *attributes* are further ones, an object of OTLP/JSON; *differing*
    is the name of the attribute. It gives what ``field`` and ``encode`` give, in a tenth of the function calls.
    """

    def __init__(self, fields: bytes, trace: str, attributes: list[dict[str, Any]], differing: str) -> None:
        self._ids = encode("Span", {"traceId": trace}) + b"\x12\x08"
        self._fields, self._last = fields, encode("Span", {"attributes": attributes})
        self._differing = differing
        self._parts: dict[
            int, tuple[bytes, bytes]
        ] = {}  # what is before IDs, and before the number, by its size

    def write(self, pieces: list[bytes], span: bytes, started: int, ended: int, number: int) -> None:
        """Append a Span, as an element of the list in ScopeSpans, to *pieces*. Times are nanoseconds (Unix)."""
        value = written_number(number) if number < 0x80 else _MORE[number & 0x7F] + _higher(number >> 7)
        parts = self._parts.get(len(value))
        if parts is None:
            parts = self._parts[len(value)] = self._parts_for(len(value))
        pieces += parts[0], span, _TIMES.pack(b"\x39", started, b"\x41", ended), parts[1], value, self._last

    def _parts_for(self, size: int) -> tuple[bytes, bytes]:
        key = encode("KeyValue", {"key": self._differing})
        attribute = b"".join(
            (b"\x4a", written_number(len(key) + size + 3), key, b"\x12", _sized(bytes(size + 1)))
        )
        before_number = attribute[: -size - 1] + b"\x18"
        rest = len(before_number) + size + len(self._last) + _TIMES.size + SPAN_SIZE
        content = self._fields + self._ids
        tag = _tag("ScopeSpans", "spans") + written_number(len(content) + rest)
        return tag + content, before_number


_TIMES = struct.Struct("<cQcQ")

SPAN_SIZE = 8
"""Bytes of the ID of a span."""

_MORE = [bytes((value | 0x80,)) for value in range(0x80)]
"""The lowest seven bits of a number of more bits."""

_higher = lru_cache(256)(written_number)


@cache
def _tag(message: str, name: str) -> bytes:
    number = next(number for number, one in fields_in(MESSAGES[message]).items() if one.name == name)
    return written_number(number << 3 | LENGTH)


@cache
def _writers(message: str) -> dict[str, Write]:
    """Return a function for each field, which writes all of it: with numbers, types and lengths."""
    return {
        one.name: _writer(number, one.type, one.repeated)
        for number, one in fields_in(MESSAGES[message]).items()
    }


def _writer(number: int, kind: str, repeated: bool) -> Write:
    wire_type, write = _SCALARS[kind] if kind in _SCALARS else (LENGTH, _message(kind))
    tag = written_number(number << 3 | (LENGTH if repeated else wire_type))
    if repeated and wire_type != LENGTH:
        return lambda values: tag + _sized(b"".join(map(write, values)))
    if repeated:
        return lambda values: b"".join([tag + write(value) for value in values])
    return lambda value: tag + write(value)


def _message(name: str) -> Write:
    return lambda value: _sized(encode(name, value))


def _sized(content: bytes) -> bytes:
    return written_number(len(content)) + content


_SCALARS: dict[str, tuple[int, Write]] = {
    "text": (LENGTH, lambda value: _sized(value.encode())),
    "id": (LENGTH, lambda value: _sized(bytes.fromhex(value))),
    "integer": (VARINT, lambda value: written_number(int(value) & (1 << 64) - 1)),
    "flag": (VARINT, lambda value: b"\1" if value else b"\0"),
    "fixed": (FIXED64, lambda value: (int(value) & (1 << 64) - 1).to_bytes(8, "little")),
    "fixed32": (FIXED32, lambda value: value.to_bytes(4, "little")),
    "double": (FIXED64, struct.Struct("<d").pack),
}
"""The wire type of each type, and what writes its values."""
