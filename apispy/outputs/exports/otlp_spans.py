"""Calls as spans of OpenTelemetry, in the form of OTLP/JSON: of a file (``otlp-json``), and as they come (``--otlp``).

Each call is a span of its client. The IDs are digests of the call, so the same calls give the same spans. A call with a
``traceparent`` header is in the trace that the client says, below the span that it names; gRPC calls have it among
their metadata, and those in a tunnel of BuildKit are spans of their own. The spans that buildx sends to the daemon come
too, so that none of these has a parent that nobody has.

Sources: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding (IDs in hexadecimal, numbers of 64 bits as
text, enums as integers), the semantic conventions 1.45 for HTTP spans, RPC spans and containers, and W3C's Trace
Context.
"""

import hashlib
import re
import struct
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any

from apispy.decoders.trace_context import FIELD, SPAN_SIZE, TRACE_SIZE, TraceContext, trace_context
from apispy.engine.json_fields import field_value
from apispy.model import Body, Exchange
from apispy.outputs.base import DecodedCall
from apispy.outputs.decoded_values import first_json
from apispy.outputs.exports.addresses import absolute_url, server_of
from apispy.outputs.exports.causes import Causes, may_be_linked
from apispy.outputs.exports.columns import row, unix_micros
from apispy.outputs.exports.containers import container_of
from apispy.outputs.exports.grpc_calls import EXPORT, GrpcCall, client_spans, grpc_calls
from apispy.outputs.exports.otlp_values import Attributes, key_values, utf8
from apispy.outputs.exports.stream_marks import is_stream, stream_marks
from apispy.outputs.grpc import status_name
from apispy.recent import remember
from apispy.structs import Struct

INTERNAL, SERVER, CLIENT = 1, 2, 3
"""Span.SpanKind. apispy sees a call as its client does; a gRPC call by the daemon, as the one that is called."""

ERROR = 2
"""Status.StatusCode.STATUS_CODE_ERROR."""

REMOTE_PARENT = 0x300
"""Bits of Span.flags: the parent's context is known to be remote. The lower 8 are those of ``traceparent``."""

MAX_EVENTS = 128
"""Events of one span; the default limit of OpenTelemetry's SDKs."""

MAX_CLIENTS = 10_000
"""Clients whose trace is remembered; one that is forgotten gets another trace when it comes again."""

MAX_NAME_LENGTH = 80

METHODS = ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE", "QUERY")
"""The methods that ``http.request.method`` may have; any other is "_OTHER"."""

TUNNELS = ("Grpc", "Session")
"""Operations whose heads never have a ``traceparent``: buildx sends it with the gRPC calls inside, if at all."""

_CALL = struct.Struct("<dQQ")
_LARGEST = (1 << 64) - 1
_PROCESS = re.compile(r"(.+) \(pid ([0-9]{1,9})\)", re.DOTALL)
_PORT = re.compile(r":[0-9]+\Z")
_PRODUCT = re.compile(r"[\w.+-]+", re.ASCII)


class SharedFields(Struct):
    """What a span has in common with those of calls that repeat its call: an object of OTLP/JSON.

    ``encoded`` is a place to keep the form in which it is sent.
    """

    fields: dict[str, Any]
    encoded: bytes | None = None


class SpanParts(Struct, frozen=True):
    """A span in two parts, each an object of OTLP/JSON; both may have ``attributes``."""

    own: dict[str, Any]
    shared: SharedFields


class RepeatedSpan(Struct, frozen=True):
    """The span of a call that repeats another one, and that has no parent, links and events.

    Clients poll, so there are many; that is why it takes little time to make one. A span of a further repeat has the
    same *trace* and *shared*, if its client and its upstream are the same.
    """

    trace: str
    started: float  # Unix seconds
    duration: float
    call: int
    connection: int
    shared: SharedFields

    @property
    def own(self) -> dict[str, Any]:
        return {
            "traceId": self.trace,
            "spanId": span_id(self.started, self.connection, self.call).hex(),
            "startTimeUnixNano": _nanos(self.started),
            "endTimeUnixNano": _nanos(self.started + max(0.0, self.duration)),
            "attributes": key_values({"docker.call": self.call, "docker.connection": self.connection}),
        }


def whole(parts: SpanParts | RepeatedSpan) -> dict[str, Any]:
    """Return a span as one object of OTLP/JSON."""
    own, shared = parts.own, parts.shared.fields
    attributes = [*shared.get("attributes", ()), *own.get("attributes", ())]
    named = {"name": shared["name"], "kind": shared["kind"]}
    return named | own | shared | {"attributes": attributes}


class _Context(Struct, frozen=True):
    """The IDs of a span, and what the client said of its parent."""

    trace: str
    span: str
    parent: str = ""
    flags: int = 0

    @property
    def ids(self) -> dict[str, Any]:
        own: dict[str, Any] = {"traceId": self.trace, "spanId": self.span}
        return own | {"parentSpanId": self.parent, "flags": self.flags} if self.parent else own


class _Repeated(Struct, frozen=True):
    """What a call has in common with those that repeat it."""

    upstream: str
    shared: SharedFields
    is_plain: bool  # it has no links and events, and no context


class Spans:
    """Makes the spans of one session."""

    def __init__(self) -> None:
        self._causes = Causes[_Context]()
        self._traces: OrderedDict[str, str] = (
            OrderedDict()
        )  # of calls without a context, by client without port
        self._known_traces: OrderedDict[str, str] = OrderedDict()  # the same, by client
        self._sent: OrderedDict[str, str] = OrderedDict()  # the last trace that a client has said

    def of(self, decoded: DecodedCall) -> Sequence[SpanParts | RepeatedSpan]:
        """Return the span of a call, those of the gRPC calls in it, and those that its client has sent in it.

        A link joins a call to an earlier one: its cause, or its effect.
        """
        known = self._repetition(decoded)
        exchange = decoded.exchange
        if known is not None and known.is_plain and (trace := self._known_traces.get(exchange.client)):
            return (
                RepeatedSpan(
                    trace,
                    exchange.started,
                    exchange.duration,
                    exchange.id,
                    exchange.connection,
                    known.shared,
                ),
            )
        return list(self._parts(decoded, known))

    def _parts(self, decoded: DecodedCall, known: _Repeated | None) -> Iterator[SpanParts]:
        exchange = decoded.exchange
        inside = grpc_calls(decoded) if exchange.tunnel or "grpc" in decoded.formats.values() else []
        context = self._context(decoded, inside)
        yield self._call(decoded, context, known.shared if known else self._shared(decoded, context))
        for one in inside:
            yield _grpc_span(exchange, one, context)
        if inside or decoded.call.path == EXPORT:
            for message in client_spans(decoded):
                if parts := _copy(message):
                    yield parts

    def _call(self, decoded: DecodedCall, context: _Context, shared: SharedFields) -> SpanParts:
        exchange = decoded.exchange
        own = context.ids | {
            "startTimeUnixNano": _nanos(exchange.started),
            "endTimeUnixNano": _nanos(exchange.started + max(0.0, exchange.duration)),
            "attributes": key_values({"docker.call": exchange.id, "docker.connection": exchange.connection}),
        }
        pairs = self._causes.add(decoded, context)
        if pairs:
            own["links"] = [
                _link(cause, "cause") if effect is context else _link(effect, "effect")
                for cause, effect in pairs
            ]
        events = [
            {
                "timeUnixNano": _nanos(exchange.started + mark.at),
                "name": mark.name,
                "attributes": key_values({"docker.stream": mark.direction, "docker.stream.size": mark.size}),
            }
            for mark in stream_marks(decoded)
        ]
        if events:
            own |= {"events": events[:MAX_EVENTS], "droppedEventsCount": max(0, len(events) - MAX_EVENTS)}
        return SpanParts(own, shared)

    def _repetition(self, decoded: DecodedCall) -> _Repeated | None:
        """Return what is known of a call with the same reading, while the names of IDs stay the same."""
        known: _Repeated | None = None if decoded.memo is None else decoded.memo.get(self)
        return known if known is not None and known.upstream == decoded.exchange.upstream else None

    def _shared(self, decoded: DecodedCall, context: _Context) -> SharedFields:
        """Make the fields that calls with the same reading have in common: that is most of the work."""
        exchange = decoded.exchange
        fields: dict[str, Any] = {
            "name": _name(decoded),
            "kind": CLIENT,
            "attributes": key_values(_http(decoded) | _docker(decoded)),
        }
        if decoded.failed:
            fields["status"] = {"code": ERROR, "message": utf8(_message(decoded))}
        shared = SharedFields(fields)
        if decoded.memo is not None:
            is_plain = not (context.parent or is_stream(decoded) or may_be_linked(decoded.call.operation.id))
            decoded.memo[self] = _Repeated(exchange.upstream, shared, is_plain)
        return shared

    def _context(self, decoded: DecodedCall, inside: list[GrpcCall]) -> _Context:
        exchange = decoded.exchange
        span = span_id(exchange.started, exchange.connection, exchange.id).hex()
        if sent := _sent_context(exchange):
            remember(self._sent, exchange.client, sent.trace, MAX_CLIENTS)
            return _Context(sent.trace, span, sent.span, sent.flags | REMOTE_PARENT)
        return _Context(self._trace(decoded, inside), span)

    def _trace(self, decoded: DecodedCall, inside: list[GrpcCall]) -> str:
        """Return the trace of a call that says none. A tunnel is in that of the calls in it, or the last one that its
        process has said.
        """
        exchange = decoded.exchange
        said = next((call.context.trace for call in inside if call.context), "")
        if not said and decoded.call.operation.id in TUNNELS and _PROCESS.fullmatch(exchange.client):
            said = self._sent.get(exchange.client, "")
        if said:
            remember(self._sent, exchange.client, said, MAX_CLIENTS)
            return said
        client = _PORT.sub("", exchange.client)  # the connections of a client over TCP differ by their port
        trace = self._traces.get(client) or _digest(f"{exchange.started!r} {client}", TRACE_SIZE)
        remember(self._traces, client, trace, MAX_CLIENTS)
        remember(self._known_traces, exchange.client, trace, MAX_CLIENTS)
        return trace


def resource_of(exchange: Exchange) -> Attributes:
    """Describe the client: its program, or the product of its User-Agent."""
    process = _PROCESS.fullmatch(exchange.client)
    product = _PRODUCT.match(exchange.request.headers.text("user-agent"))
    name = process[1] if process else product[0] if product else "unknown_service"
    return {"service.name": name[:MAX_NAME_LENGTH], "process.pid": int(process[2]) if process else None}


# -- spans in a call --


def _grpc_span(exchange: Exchange, call: GrpcCall, tunnel: _Context) -> SpanParts:
    """Make the span of a gRPC call in *tunnel*: below its caller's own span if it says one, else below the tunnel."""
    span = _digest(f"{tunnel.span} {call.stream}", SPAN_SIZE)
    if sent := call.context:
        context = _Context(sent.trace, span, sent.span, sent.flags | REMOTE_PARENT)
    else:
        context = _Context(tunnel.trace, span, tunnel.span)
    ended = exchange.duration if call.ended is None else call.ended
    own = context.ids | {
        "startTimeUnixNano": _nanos(exchange.started + call.started),
        "endTimeUnixNano": _nanos(exchange.started + max(call.started, ended)),
    }
    if sent:
        own["links"] = [_link(tunnel, "tunnel")]
    server = server_of(exchange)
    status = "" if call.status is None else status_name(call.status)
    error = status if call.status else call.reset if call.reset != "NO_ERROR" else ""
    attributes = {
        "rpc.system.name": "grpc",
        "rpc.method": call.method.removeprefix("/"),
        "rpc.response.status_code": status,
        "error.type": error,
        "server.address": server.address if call.by_client else None,
        "server.port": server.port if call.by_client else None,
        "docker.call": exchange.id,
        "docker.connection": exchange.connection,
        "docker.grpc.stream": call.stream,
    }
    fields: dict[str, Any] = {
        "name": call.method.removeprefix("/") or "gRPC",
        "kind": CLIENT if call.by_client else SERVER,
        "attributes": key_values(attributes),
    }
    if error:
        fields["status"] = {"code": ERROR, "message": error}
    return SpanParts(own, SharedFields(fields))


def _copy(span: dict[str, Any]) -> SpanParts | None:
    """Make a span of one that a client has sent; None without IDs. Of its attributes apispy reads none."""
    trace, identity, parent = (span.get(name, "") for name in ("trace_id", "span_id", "parent_span_id"))
    if (
        len(trace) != 2 * TRACE_SIZE
        or len(identity) != 2 * SPAN_SIZE
        or not int(trace, 16)
        or not int(identity, 16)
    ):
        return None
    own = {
        "traceId": trace,
        "spanId": identity,
        **({"parentSpanId": parent} if len(parent) == 2 * SPAN_SIZE and int(parent, 16) else {}),
        "startTimeUnixNano": _nanos(span.get("start", 0.0)),
        "endTimeUnixNano": _nanos(max(span.get("start", 0.0), span.get("end", 0.0))),
    }
    kind = span.get("kind", INTERNAL)
    fields: dict[str, Any] = {
        "name": utf8(span.get("name", "")),
        "kind": kind if kind in range(6) else INTERNAL,
        "attributes": key_values({"docker.span.origin": "client"}),
    }
    if span.get("status", {}).get("code") == ERROR:
        fields["status"] = {"code": ERROR}
    return SpanParts(own, SharedFields(fields))


# -- parts of a span --


def _sent_context(exchange: Exchange) -> TraceContext | None:
    """Return the context that the head of a request has; None without a valid one, or with two."""
    values = exchange.request.headers.all(FIELD)
    return trace_context(values[0].decode("latin-1").strip()) if len(values) == 1 else None


def span_id(started: float, connection: int, call: int) -> bytes:
    """Return the ID of the span of a call: a digest of when it began, and of its numbers."""
    known = _CALL.pack(started, connection & _LARGEST, call & _LARGEST)
    return hashlib.blake2b(known, digest_size=SPAN_SIZE).digest()


def _digest(text: str, size: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[: 2 * size]


def _nanos(seconds: float) -> str:
    return str(unix_micros(seconds) * 1000)


def _link(to: _Context, role: str) -> dict[str, Any]:
    return {"traceId": to.trace, "spanId": to.span, "attributes": key_values({"docker.link": role})}


def _name(decoded: DecodedCall) -> str:
    """Return the name of a span: method and template of the path, which have no names and IDs in them."""
    method = decoded.exchange.request.method
    shown = method if method in METHODS else "HTTP"
    return f"{shown} {decoded.call.operation.path}" if decoded.call.known else shown


def _message(decoded: DecodedCall) -> str:
    return "; ".join(decoded.errors or decoded.exchange.problems)


def _http(decoded: DecodedCall) -> Attributes:
    exchange, request, response = decoded.exchange, decoded.exchange.request, decoded.exchange.response
    server = server_of(exchange)
    is_known = request.method in METHODS
    return {
        "http.request.method": request.method if is_known else "_OTHER",
        "http.request.method_original": None if is_known else request.method,
        "url.full": absolute_url(exchange),
        "url.template": decoded.call.operation.path,
        "http.response.status_code": response.status if response else None,
        "error.type": _error_type(decoded),
        "http.request.body.size": request.body.size,
        "http.response.body.size": response.body.size if response else None,
        "server.address": server.address,
        "server.port": server.port,
        "network.transport": server.transport,
        "network.protocol.name": "http",
        "network.protocol.version": request.version,
        "user_agent.original": request.headers.text("user-agent"),
    }


def _error_type(decoded: DecodedCall) -> str | None:
    """Return the status of an error, "response" for an error in a response of status 200, or how the call ended."""
    response = decoded.exchange.response
    if not decoded.failed:
        return None
    if response is not None and response.status >= 400:
        return str(response.status)
    return "response" if decoded.errors else decoded.exchange.end


def _docker(decoded: DecodedCall) -> Attributes:
    exchange, cells = decoded.exchange, row(decoded)
    container, tunnel = container_of(decoded), exchange.tunnel
    to_server, to_client = (tunnel.to_server, tunnel.to_client) if tunnel else (Body(), Body())
    return _image(decoded) | {
        "container.id": container.id if container else None,
        "container.name": container.name if container else None,
        "docker.operation": decoded.call.operation.id,
        "docker.api.version": decoded.call.version,
        "docker.arguments": cells["arguments"],
        "docker.outcome": cells["outcome"],
        "docker.end": exchange.end,
        "docker.tunnel.protocol": tunnel.protocol if tunnel else None,
        "docker.tunnel.to_server.size": to_server.size if tunnel else None,
        "docker.tunnel.to_client.size": to_client.size if tunnel else None,
        "docker.problems": list(exchange.problems),
        "docker.notes": list(decoded.notes),
        "docker.redactions": [one.place for one in exchange.redactions],
    }


def _image(decoded: DecodedCall) -> Attributes:
    """Return the image of a container that is created, name and tag apart as the conventions want them."""
    if decoded.call.operation.id != "ContainerCreate":
        return {}
    body = first_json(decoded, "request")
    image = field_value(body, "Image") if isinstance(body, dict) else None
    if not isinstance(image, str):
        return {}
    name = image.partition("@")[0]
    host, slash, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    return {"container.image.name": f"{host}{slash}{last}", "container.image.tags": [tag] if tag else []}
