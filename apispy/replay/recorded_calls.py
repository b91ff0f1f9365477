"""The calls of a recording, as a replay compares and plays them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from apispy import engine
from apispy.engine.operation import Call
from apispy.model import Body, Exchange, Request
from apispy.redaction import Redactor
from apispy.redaction.stream_policy import GRPC as GRPC_MEDIA_TYPE
from apispy.replay.comparable_request import ComparableRequest, operation_name
from apispy.tap import PREFACE_REFUSED

SESSION, GRPC = "Session", "Grpc"
"""BuildKit's tunnels. In a session the daemon calls, in /grpc the client; a replay plays the gRPC calls in them."""

NESTED_SESSION, SPANS = "Control/Session", "TraceService/Export"
"""A session in the messages of a gRPC call, and the client's own spans."""

REPEATABLE_OPERATIONS = frozenset(
    (
        *("SystemPing", "SystemPingHead", "ContainerResize", "ExecResize", SESSION, GRPC),
        *("Health/Check", "Control/Info", "Control/ListWorkers", NESTED_SESSION, SPANS),
    )
)
"""Operations that are played as often as clients request them: the daemon's liveness, the terminal's size, tunnels; and
gRPC methods, whatever the message: clients differ from run to run in how often they call them."""

OPAQUE_PROTOCOL = "h2c"
"""The protocol of BuildKit's tunnels."""

SESSION_HEADER = "x-docker-expose-session-uuid"
"""The header in which a client names the BuildKit session that it opens."""


def is_refused_http2(exchange: Exchange) -> bool:
    """Whether *exchange* is a refused try of HTTP/2: its preface, or a request after it, which no daemon got.

    A replay refuses every preface by itself.
    """
    return exchange.request.method == "PRI" or PREFACE_REFUSED in exchange.problems


def is_grpc(request: Request) -> bool:
    """Whether a request of HTTP/2 calls a gRPC method. Daemons, too, tell them from the others by the media type."""
    return request.headers.text("content-type").startswith(GRPC_MEDIA_TYPE)


@dataclass(eq=False)
class RecordedCall:
    """One recorded call."""

    number: int  # its place in the recording, from 1
    exchange: Exchange
    redactor: Redactor = field(repr=False)
    times_played: int = 0

    @cached_property
    def request(self) -> ComparableRequest:
        return ComparableRequest(self.exchange, self.redactor)

    @cached_property
    def call(self) -> Call:
        return engine.lookup(self.exchange.request.method, self.exchange.request.target)

    @property
    def name(self) -> str:
        """The operation, or the method and path of an unknown request."""
        return operation_name(self.exchange.request.method, self.call)

    @property
    def is_grpc(self) -> bool:
        """Whether the call is a gRPC call itself, on a connection of HTTP/2."""
        return self.exchange.request.version == "2" and is_grpc(self.exchange.request)

    @property
    def session_name(self) -> str:
        """The name that the client gives the BuildKit session that it opens."""
        return self.exchange.request.headers.text(SESSION_HEADER)

    @property
    def requested_at(self) -> float:
        """When the client sent the request, in Unix seconds."""
        return self.exchange.started + self.exchange.request.at

    @property
    def changes_state(self) -> bool:
        """Whether the call may change what other calls return."""
        return self.exchange.request.method not in ("GET", "HEAD") and not self.is_repeatable

    @property
    def is_repeatable(self) -> bool:
        """Whether the call is played as often as clients request it."""
        return self.call.operation.id in REPEATABLE_OPERATIONS

    @cached_property
    def reason_unplayable(self) -> str:
        """Why the call cannot be played; "" if it can."""
        exchange = self.exchange
        if exchange.response is None and exchange.end == "open":
            return "the recording ended before its response"
        if exchange.response is not None and not (exchange.tunnel or 200 <= exchange.response.status < 600):
            return f"its response has the status {exchange.response.status}, expected 200 to 599"
        for direction in ("response", "to_client"):
            body = exchange.streams.get(direction)
            if body is None or self._has_grpc(body):
                continue
            if not body.shown:
                return "its response was withheld because it contains secrets; record with --show-secrets"
            if body.cut:
                return (
                    f"its response is incomplete (kept {body.kept} of {body.size} bytes); "
                    "record with a larger --body-limit"
                )
        return ""

    def _has_grpc(self, body: Body) -> bool:
        """Whether *body* is a side of a BuildKit tunnel with messages, or of a session, which needs none."""
        tunnel = self.exchange.tunnel
        if tunnel is None or tunnel.protocol != OPAQUE_PROTOCOL:
            return False
        return body.shown or bool(body.seen) or not body.size or self.call.operation.id == SESSION


def in_request_order(exchanges: Iterable[Exchange], redactor: Redactor) -> list[RecordedCall]:
    """*exchanges* in the order of their requests, numbered from 1."""
    ordered = sorted(exchanges, key=lambda exchange: exchange.started + exchange.request.at)
    return [RecordedCall(number, exchange, redactor) for number, exchange in enumerate(ordered, 1)]
