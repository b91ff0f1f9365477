"""The spans and metrics of a session: an output that feeds the sender."""

import time
import uuid
from collections import OrderedDict
from collections.abc import Callable

from apispy.app.messages import info
from apispy.app.otlp.encoding import SCOPE, encoded
from apispy.app.otlp.grpc_transport import GrpcTransport
from apispy.app.otlp.http_transport import HttpTransport
from apispy.app.otlp.repeats import RepeatedCall
from apispy.app.otlp.sender import Sender
from apispy.app.otlp.settings import Settings
from apispy.app.otlp.transport import Transport
from apispy.outputs.base import DecodedCall, Output
from apispy.outputs.exports.otlp_metrics import metrics_of
from apispy.outputs.exports.otlp_protobuf import encode
from apispy.outputs.exports.otlp_spans import RepeatedSpan, SharedFields, Spans, resource_of
from apispy.outputs.exports.otlp_values import Attributes, key_values
from apispy.outputs.metrics import Metrics
from apispy.recent import remember
from apispy.structs import replace

FLUSH_TIMEOUT = 3.0
"""Seconds that the receiver gets to take the last spans and metrics."""

MAX_CLIENTS = 100
"""Clients whose spans of calls that repeat each other are remembered, for each such call: over TCP, connections."""

MAX_RESOURCES = 1000
"""Clients whose resource is remembered in the form in which it is sent."""


class OtlpExport(Output):
    """Sends the calls of a session as spans, and the counts of *metrics*, to the receiver of *settings*.

    *uses_tls*: the daemon's address tcp:// means https://. Raises UsageError if the receiver's CA cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        *,
        uses_tls: bool = False,
        report: Callable[[str], None] = info,
    ) -> None:
        self._settings, self._figures, self._uses_tls = settings, metrics, uses_tls
        self._spans = Spans()
        self._resources: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._last: tuple[str, SharedFields | None, bytes] = "", None, b""
        self._started = time.time_ns()
        self._instance = str(uuid.uuid4())
        transport: Transport = GrpcTransport(settings) if settings.uses_grpc else HttpTransport(settings)
        self._sender = Sender(transport, str(settings), self._metrics, report)

    def announcement(self) -> list[str]:
        """Describe the receiver, for the lines at the start."""
        lines = [f"spans and metrics go to {self._settings} (OpenTelemetry)"]
        if not self._settings.is_local and not self._settings.uses_tls:
            lines.append(
                "otlp: PLAINTEXT AND REMOTE: anyone on the way can read targets, names and errors of calls, and the "
                "headers for the receiver"
            )
        return lines

    def start(self) -> None:
        """Begin to send."""
        self._sender.start()

    def stop(self) -> list[str]:
        """Send what waits, for a bounded time. Returns what to say about what was lost."""
        return self._sender.close(FLUSH_TIMEOUT)

    def write(self, decoded: DecodedCall) -> None:
        exchange, memo = decoded.exchange, decoded.memo
        if memo is not None and (clients := memo.get(self)) is not None:
            known: RepeatedCall | None = clients.get(exchange.client)
            if known is not None and known.upstream == exchange.upstream:
                self._sender.add_repeat(known, exchange)
                return
        self._write(decoded)

    def _write(self, decoded: DecodedCall) -> None:
        exchange, memo = decoded.exchange, decoded.memo
        if self._uses_tls and exchange.upstream.startswith("tcp://"):
            upstream = f"https{exchange.upstream.removeprefix('tcp')}"
            decoded = replace(decoded, exchange=replace(exchange, upstream=upstream))
        spans = self._spans.of(decoded)
        resource = self._resource(decoded, spans[0].shared)
        for parts in spans:
            span = encoded(parts)
            self._sender.add(resource, span)
            if memo is not None and isinstance(parts, RepeatedSpan):
                clients: OrderedDict[str, RepeatedCall] = memo.setdefault(self, OrderedDict())
                known = RepeatedCall(exchange.upstream, resource, parts.trace, parts.shared, len(span))
                remember(clients, exchange.client, known, MAX_CLIENTS)

    def _resource(self, decoded: DecodedCall, shared: SharedFields) -> bytes:
        """Return the resource of a call, encoded as a field of ResourceSpans."""
        client, known, resource = self._last
        if known is shared and client == decoded.exchange.client:  # so is the User-Agent
            return resource
        resource = self._known_resource(decoded)
        self._last = decoded.exchange.client, shared, resource
        return resource

    def _known_resource(self, decoded: DecodedCall) -> bytes:
        exchange = decoded.exchange
        key = exchange.client, exchange.request.headers.text("user-agent")
        found = self._resources.get(key)
        if found is None:
            found = encode("ResourceSpans", {"resource": self._as_resource(resource_of(exchange))})
            remember(self._resources, key, found, MAX_RESOURCES)
        return found

    def _as_resource(self, attributes: Attributes) -> dict[str, object]:
        settings = self._settings
        named = {"service.name": settings.service} if settings.service else {}
        return {"attributes": key_values(attributes | dict(settings.resource) | named)}

    def _metrics(self) -> bytes:
        """Make the request with the present counts."""
        about = {"service.name": "apispy", "service.instance.id": self._instance}
        counts = metrics_of(self._figures.figures(), self._started, time.time_ns())
        scoped = {"scope": SCOPE, "metrics": counts}
        resource = self._as_resource(about | {"service.version": SCOPE["version"]})
        return encode("Metrics", {"resourceMetrics": [{"resource": resource, "scopeMetrics": [scoped]}]})
