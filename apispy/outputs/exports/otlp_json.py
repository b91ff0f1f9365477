"""OTLP/JSON, for Jaeger's page (Upload) and other readers of OpenTelemetry: an ExportTraceServiceRequest.

Each call is a span of its client. The IDs are digests of the call, so the same calls give the same file. A call with a
``traceparent`` header is in the trace that the client says, below the span that it names.

Sources: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding (IDs in hexadecimal, numbers of 64 bits as
text, enums as integers), the semantic conventions 1.45 for HTTP spans and containers, and W3C's Trace Context.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import apispy
from apispy.engine.json_fields import field_value
from apispy.model import Body, Exchange
from apispy.outputs.base import DecodedCall
from apispy.outputs.decoded_values import ascii_json, first_json
from apispy.outputs.exports.addresses import absolute_url, server_of
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.causes import Causes
from apispy.outputs.exports.columns import row, unix_micros
from apispy.outputs.exports.containers import container_of
from apispy.outputs.exports.stream_marks import stream_marks
from apispy.recent import remember

CLIENT = 3
"""Span.SpanKind.SPAN_KIND_CLIENT: apispy sees the call as its client does."""

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

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_PROCESS = re.compile(r"(.+) \(pid ([0-9]{1,9})\)", re.DOTALL)
_PORT = re.compile(r":[0-9]+\Z")
_PRODUCT = re.compile(r"[\w.+-]+", re.ASCII)

Attributes = dict[str, Any]
"""Values by name: str, int, bool, or a list of str. None, "" and empty lists are left out."""


@dataclass(frozen=True, slots=True)
class _Context:
    """The IDs of a span, and what the client said of its parent."""

    trace: str
    span: str
    parent: str = ""
    flags: int = 0


@exporter(
    "otlp-json",
    suffix=".otlp.json",
    description="OpenTelemetry spans, for the upload of Jaeger's page",
    has_urls=True,
)
def export(decoded_calls: Iterable[DecodedCall]) -> Iterator[str]:
    scope = ascii_json({"name": "apispy", "version": apispy.__version__})
    yield '{"resourceSpans": ['
    spans, last, comma = _Spans(), "", ""
    for decoded in decoded_calls:
        resource = ascii_json({"attributes": _key_values(_resource(decoded.exchange))})
        if resource != last:
            end = "\n]}]}," if last else ""
            yield f'{end}\n{{"resource": {resource}, "scopeSpans": [{{"scope": {scope}, "spans": ['
            last, comma = resource, ""
        yield f"{comma}\n{ascii_json(spans.span(decoded))}"
        comma = ","
    yield "\n]}]}\n]}\n" if last else "]}\n"


class _Spans:
    """Makes the spans of one file."""

    def __init__(self) -> None:
        self._causes = Causes[_Context]()
        self._traces: OrderedDict[str, str] = OrderedDict()

    def span(self, decoded: DecodedCall) -> dict[str, Any]:
        """Return the span of a call. A link joins it to an earlier call of the file: its cause, or its effect."""
        exchange, context = decoded.exchange, self._context(decoded.exchange)
        links = [
            _link(cause, "cause") if effect is context else _link(effect, "effect")
            for cause, effect in self._causes.add(decoded, context)
        ]
        events = [
            {
                "timeUnixNano": _nanos(exchange.started + mark.at),
                "name": mark.name,
                "attributes": _key_values({"docker.stream": mark.direction, "docker.stream.size": mark.size}),
            }
            for mark in stream_marks(decoded)
        ]
        return {
            "traceId": context.trace,
            "spanId": context.span,
            **({"parentSpanId": context.parent, "flags": context.flags} if context.parent else {}),
            "name": _name(decoded),
            "kind": CLIENT,
            "startTimeUnixNano": _nanos(exchange.started),
            "endTimeUnixNano": _nanos(exchange.started + max(0.0, exchange.duration)),
            "attributes": _key_values(_http(decoded) | _docker(decoded)),
            "events": events[:MAX_EVENTS],
            "droppedEventsCount": max(0, len(events) - MAX_EVENTS),
            "links": links,
            "status": {"code": ERROR, "message": _utf8(_message(decoded))} if decoded.failed else {},
        }

    def _context(self, exchange: Exchange) -> _Context:
        span = _digest(f"{exchange.started!r} {exchange.connection} {exchange.id}", 8)
        if sent := _traceparent(exchange):
            trace, parent, flags = sent
            return _Context(trace, span, parent, flags | REMOTE_PARENT)
        client = _PORT.sub("", exchange.client)  # the connections of a client over TCP differ by their port
        trace = self._traces.get(client) or _digest(f"{exchange.started!r} {client}", 16)
        remember(self._traces, client, trace, MAX_CLIENTS)
        return _Context(trace, span)


def _traceparent(exchange: Exchange) -> tuple[str, str, int] | None:
    """Return trace ID, span ID and flags of the client's ``traceparent``; None without a valid one."""
    values = exchange.request.headers.all("traceparent")
    found = _TRACEPARENT.fullmatch(values[0].decode("latin-1").strip()) if len(values) == 1 else None
    if found is None:
        return None
    version, trace, parent, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or not int(trace, 16) or not int(parent, 16):
        return None
    return trace, parent, int(flags, 16)


def _digest(text: str, size: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[: 2 * size]


def _nanos(seconds: float) -> str:
    return str(unix_micros(seconds) * 1000)


def _link(to: _Context, role: str) -> dict[str, Any]:
    return {"traceId": to.trace, "spanId": to.span, "attributes": _key_values({"docker.link": role})}


def _name(decoded: DecodedCall) -> str:
    """Return the name of a span: method and template of the path, which have no names and IDs in them."""
    method = decoded.exchange.request.method
    shown = method if method in METHODS else "HTTP"
    return f"{shown} {decoded.call.operation.path}" if decoded.call.known else shown


def _message(decoded: DecodedCall) -> str:
    return "; ".join(decoded.errors or decoded.exchange.problems)


def _resource(exchange: Exchange) -> Attributes:
    """Describe the client: its program, or the product of its User-Agent."""
    process = _PROCESS.fullmatch(exchange.client)
    product = _PRODUCT.match(exchange.request.headers.text("user-agent"))
    name = process[1] if process else product[0] if product else "unknown_service"
    return {"service.name": name[:MAX_NAME_LENGTH], "process.pid": int(process[2]) if process else None}


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
        "docker.call": exchange.id,
        "docker.connection": exchange.connection,
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


def _key_values(attributes: Attributes) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": _value(value)}
        for key, value in attributes.items()
        if value not in (None, "", [])
    ]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(one) for one in value]}}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"stringValue": _utf8(str(value))}


def _utf8(text: str) -> str:
    """Return *text* without what UTF-8 has not: bytes of the wire that are not text."""
    return text.encode("utf-8", "backslashreplace").decode()
