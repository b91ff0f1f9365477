"""The context of a trace that a client sends, so that spans of the called program are below its own.

Source: W3C Trace Context, section 3.2 (https://www.w3.org/TR/trace-context/#traceparent-header).
"""

import re

from apispy.structs import Struct

FIELD = "traceparent"
"""The name of the header field; in gRPC it is metadata."""

TRACE_SIZE, SPAN_SIZE = 16, 8
"""Bytes of the ID of a trace, and of a span."""

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


class TraceContext(Struct, frozen=True):
    """The span of a client in which it made a call. IDs are in lower-case hexadecimal."""

    trace: str
    span: str
    flags: int
    """Eight bits; the lowest: the client keeps the trace."""


def trace_context(text: str) -> TraceContext | None:
    """Read the value of a ``traceparent`` field; None if it is not valid."""
    found = _TRACEPARENT.fullmatch(text)
    if found is None:
        return None
    version, trace, span, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or not int(trace, 16) or not int(span, 16):
        return None
    return TraceContext(trace, span, int(flags, 16))
