"""Reads OTLP/JSON with OpenTelemetry's own classes, strictly: an unknown field or a wrong type is an error."""

import base64
import json
from typing import Any

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

IDS = ("traceId", "spanId", "parentSpanId")
INTEGERS = ("kind", "code", "flags", "droppedEventsCount")
TEXTS = ("startTimeUnixNano", "endTimeUnixNano", "timeUnixNano", "intValue")
"""Numbers of 64 bits, which are text in JSON."""


def request_of(data: str | bytes) -> ExportTraceServiceRequest:
    """Return the request of a file. Protobuf's own JSON has IDs in base64, OTLP/JSON in hexadecimal."""
    return ParseDict(_with_base64(json.loads(data)), ExportTraceServiceRequest())


def spans_of(data: str | bytes) -> list[Span]:
    """Return the spans of a file in its order."""
    return [
        span
        for resource in request_of(data).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def attributes_of(has: Any) -> dict[str, Any]:
    """Return the attributes of a span, an event, a link or a resource by name; a name must not come twice."""
    names = [pair.key for pair in has.attributes]
    assert len(set(names)) == len(names)
    return {pair.key: _plain(pair.value) for pair in has.attributes}


def _plain(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return (
        [_plain(one) for one in value.array_value.values] if kind == "array_value" else getattr(value, kind)
    )


def _with_base64(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _with_base64(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_with_base64(one) for one in value]
    if key in IDS:
        assert value == value.lower()
        assert len(value) == (32 if key == "traceId" else 16)
        assert int(value, 16)
        return base64.b64encode(bytes.fromhex(value)).decode()
    assert key not in INTEGERS or type(value) is int
    assert key not in TEXTS or (type(value) is str and value.isdecimal())
    return value
