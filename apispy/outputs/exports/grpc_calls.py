"""The gRPC calls in a tunnel or session of BuildKit: who called what, when, in which trace, and how it ended."""

from collections.abc import Iterator
from typing import Any

from apispy.decoders.grpc_messages import messages_of
from apispy.decoders.trace_context import FIELD, TraceContext, trace_context
from apispy.model import Body, Direction
from apispy.outputs.base import DecodedCall
from apispy.outputs.exports.stream_marks import Times
from apispy.structs import Struct, replace

MAX_CALLS = 1000
"""gRPC calls of one tunnel that are given."""

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
"""The method by which buildx sends its own spans to the daemon."""

FROM_CLIENT = ("request", "to_server")
"""Directions in which a client sends."""


class GrpcCall(Struct, frozen=True):
    """A gRPC call. Times are seconds since the exchange began."""

    stream: int
    method: str  # "/moby.buildkit.v1.Control/Solve"; "" if the path is not one of gRPC
    by_client: bool  # False: the daemon called the client
    context: TraceContext | None  # of the caller's span
    started: float
    ended: float | None = None  # None: not before the tunnel
    status: int | None = None  # grpc-status
    reset: str = ""  # the error of HTTP/2 with which one side ended it


def grpc_calls(decoded: DecodedCall) -> list[GrpcCall]:
    """Return the first MAX_CALLS gRPC calls in a tunnel or session, in the order of their streams."""
    calls: dict[int, GrpcCall] = {}
    for direction, value, at in _frames(decoded):
        if isinstance(value.get("method"), str) and value["stream"] not in calls and len(calls) < MAX_CALLS:
            by_client = direction in FROM_CLIENT
            calls[value["stream"]] = GrpcCall(
                value["stream"], value["method"], by_client, _context(value), at
            )
    for direction, value, at in _frames(decoded):
        call = calls.get(value["stream"])
        if call is None or call.ended is not None:
            continue
        is_response = (direction in FROM_CLIENT) is not call.by_client
        if is_response and isinstance(value.get("grpc_status"), int):
            calls[call.stream] = replace(call, ended=max(at, call.started), status=value["grpc_status"])
        elif isinstance(value.get("error"), str):
            calls[call.stream] = replace(call, ended=max(at, call.started), reset=value["error"])
    return [calls[stream] for stream in sorted(calls)]


def client_spans(decoded: DecodedCall) -> Iterator[dict[str, Any]]:
    """Yield the spans that the client has sent to the daemon in this call: messages ``Span`` of ``grpc_schema``."""
    for direction, items in decoded.items.items():
        for item in items if direction in FROM_CLIENT else ():
            for message in messages_of(item):
                if message["method"] == EXPORT and message["part"] == "request":
                    for resource in message["message"].get("resource_spans", ()):
                        for scope in resource.get("scope_spans", ()):
                            yield from scope.get("spans", ())


def _frames(decoded: DecodedCall) -> Iterator[tuple[Direction, dict[str, Any], float]]:
    """Yield the frames of streams, with their times."""
    streams = decoded.exchange.streams
    for direction, items in decoded.items.items():
        times = Times(streams.get(direction, Body()))
        for item in items:
            if (
                item.kind == "h2c"
                and isinstance(item.value, dict)
                and isinstance(item.value.get("stream"), int)
            ):
                yield direction, item.value, times.of(item)


def _context(value: dict[str, Any]) -> TraceContext | None:
    """Return the context in the metadata of a call; None without a valid one, or with two."""
    found = [text for name, text in value.get("headers", ()) if name == FIELD]
    return trace_context(found[0]) if len(found) == 1 and isinstance(found[0], str) else None
