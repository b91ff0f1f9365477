"""Spans as protobuf: one by one, and a request with many of them."""

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from apispy import __version__
from apispy.app.otlp.repeats import RECORD, Repeats
from apispy.outputs.exports.columns import unix_micros
from apispy.outputs.exports.otlp_protobuf import RepeatedSpans, encode, field
from apispy.outputs.exports.otlp_spans import RepeatedSpan, SharedFields, SpanParts, span_id
from apispy.outputs.exports.otlp_values import key_values

SCOPE = {"name": "apispy", "version": __version__}


def encoded(parts: SpanParts | RepeatedSpan) -> bytes:
    """Return a span in protobuf."""
    return encoded_once(parts.shared) + encode("Span", parts.own)


def encoded_once(shared: SharedFields) -> bytes:
    """Return what spans have in common in protobuf. It is encoded once."""
    if shared.encoded is None:
        shared.encoded = encode("Span", shared.fields)
    return shared.encoded


def traces(spans: Iterable[tuple[bytes, bytes | Repeats]]) -> bytes:
    """Make the request with *spans*, pairs of a resource and a span, or the repeats of one.

    Neighbours with the same resource share it.
    """
    requests: list[bytes] = []
    for resource, group in groupby(spans, itemgetter(0)):
        pieces = [encode("ScopeSpans", {"scope": SCOPE})]
        for _, span in group:
            if isinstance(span, bytes):
                pieces += field("ScopeSpans", "spans", [span])
            else:
                _add_repeats(pieces, span)
        scoped = [resource, *field("ResourceSpans", "scopeSpans", pieces)]
        requests += field("Traces", "resourceSpans", scoped)
    return b"".join(requests)


def _add_repeats(pieces: list[bytes], repeats: Repeats) -> None:
    """Append spans, as elements of the list in ScopeSpans, to *pieces*."""
    call = repeats.call
    writers: dict[int, RepeatedSpans] = {}  # by connection: those of a process take turns
    for started, connection, number, duration in RECORD.iter_unpack(repeats.records):
        writer = writers.get(connection)
        if writer is None:
            attributes = key_values({"docker.connection": connection})
            fields = encoded_once(call.shared)
            writer = writers[connection] = RepeatedSpans(fields, call.trace, attributes, "docker.call")
        ended = started + duration if duration > 0.0 else started
        times = unix_micros(started) * 1000, unix_micros(ended) * 1000
        writer.write(pieces, span_id(started, connection, number), *times, number)
