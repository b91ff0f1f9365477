"""Spans as protobuf: one by one, and a request with many of them."""

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from apispy import __version__
from apispy.outputs.exports.columns import unix_micros
from apispy.outputs.exports.otlp_protobuf import RepeatedSpans, encode, field
from apispy.outputs.exports.otlp_spans import RepeatedSpan, SharedFields, SpanParts, span_id
from apispy.outputs.exports.otlp_values import key_values

SCOPE = {"name": "apispy", "version": __version__}

REPEATED_SIZE = 128
"""Bytes of the longest RepeatedSpan beside what it shares with others."""


def encoded(parts: SpanParts | RepeatedSpan) -> bytes:
    """Return a span in protobuf."""
    return encoded_once(parts.shared) + encode("Span", parts.own)


def size_of(span: bytes | RepeatedSpan) -> int:
    """Return how many bytes a span takes in a request, about."""
    return len(span) if isinstance(span, bytes) else len(encoded_once(span.shared)) + REPEATED_SIZE


def encoded_once(shared: SharedFields) -> bytes:
    """Return what spans have in common in protobuf. It is encoded once."""
    if shared.encoded is None:
        shared.encoded = encode("Span", shared.fields)
    return shared.encoded


def traces(spans: Iterable[tuple[bytes, bytes | RepeatedSpan]]) -> bytes:
    """Make the request with *spans*, pairs of a resource and a span. Neighbours with the same resource share it."""
    requests: list[bytes] = []
    for resource, group in groupby(spans, itemgetter(0)):
        scope = encode("ScopeSpans", {"scope": SCOPE})
        scoped = field("ResourceSpans", "scopeSpans", scope + _listed(span for _, span in group))
        requests.append(field("Traces", "resourceSpans", resource + scoped))
    return b"".join(requests)


def _listed(spans: Iterable[bytes | RepeatedSpan]) -> bytes:
    """Return spans as the list in ScopeSpans."""
    found: list[bytes] = []
    writers: dict[tuple[int, str, int], RepeatedSpans] = {}  # connections take turns
    for span in spans:
        if isinstance(span, bytes):
            found.append(field("ScopeSpans", "spans", span))
            continue
        started, duration = span.started, span.duration
        writer = writers.get(key := (id(span.shared), span.trace, span.connection))
        if writer is None:
            attributes = key_values({"docker.connection": span.connection})
            fields = encoded_once(span.shared)
            writer = writers[key] = RepeatedSpans(fields, span.trace, attributes, "docker.call")
        ended = started + duration if duration > 0.0 else started
        times = unix_micros(started) * 1000, unix_micros(ended) * 1000
        writer.write(found, span_id(started, span.connection, span.call), *times, span.call)
    return b"".join(found)
