"""An output that makes mitmproxy's flows of calls, for its views, its save file and its HAR export.

Like every output it gets redacted exchanges, so mitmproxy's files contain no secrets either. A hijacked connection is
an HTTPFlow and a TCPFlow, as in mitmproxy, linked by ``metadata``.
"""

from collections.abc import Callable

from mitmproxy import flow, http, tcp
from mitmproxy.proxy.commands import StartHook
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http._hooks import HttpErrorHook, HttpRequestHook, HttpResponseHook
from mitmproxy.proxy.layers.tcp import TcpEndHook, TcpMessageHook, TcpStartHook

from apispy.model import Chunk, Direction, Exchange, Headers, Response
from apispy.outputs import DecodedCall, Output
from apispy.outputs.base import ENDED_EARLY

Fire = Callable[[int, StartHook], None]
"""Takes the number of a connection and a hook, which its layer is to fire."""


class FlowOutput(Output):
    """Makes flows. *context_of* returns mitmproxy's context of a connection; a TCPFlow has at most *limit* bytes."""

    def __init__(self, context_of: Callable[[int], Context], fire: Fire, limit: int) -> None:
        self._context_of = context_of
        self._fire = fire
        self._limit = limit
        self._http: dict[int, http.HTTPFlow] = {}
        self._tcp: dict[int, tcp.TCPFlow] = {}
        self._tcp_sizes: dict[int, int] = {}  # bytes of each tunnel so far

    def opened(self, reading: DecodedCall) -> None:
        exchange = reading.exchange
        self._fire(exchange.connection, HttpRequestHook(self._http_flow(exchange)))

    def chunk(self, reading: DecodedCall, direction: Direction, offset: int, chunk: Chunk) -> None:
        exchange = reading.exchange
        if exchange.tunnel is None or exchange.id not in self._http:
            return
        made = self._tcp.get(exchange.id) or self._tcp_flow(exchange)
        self._tcp_sizes[exchange.id] += len(chunk.data)
        if self._tcp_sizes[exchange.id] <= self._limit:  # mitmproxy itself has no limit
            message = tcp.TCPMessage(direction == "to_server", chunk.data, exchange.started + chunk.at)
            made.messages.append(message)
            self._fire(exchange.connection, TcpMessageHook(made))

    def write(self, reading: DecodedCall) -> None:
        exchange = reading.exchange
        made = self._http.pop(exchange.id, None)
        if made is None:
            self.opened(reading)
            made = self._http.pop(exchange.id)
        if exchange.end in ENDED_EARLY:
            self._fill(made, exchange)
            made.error = flow.Error(
                "; ".join(exchange.problems) or "cut", exchange.started + exchange.duration
            )
            self._fire(exchange.connection, HttpErrorHook(made))
        elif made.response is None:
            self._respond(made, exchange)
        if tunnel := self._tcp.pop(exchange.id, None):
            del self._tcp_sizes[exchange.id]
            self._fire(exchange.connection, TcpEndHook(tunnel))

    def _http_flow(self, exchange: Exchange) -> http.HTTPFlow:
        context = self._context_of(exchange.connection)
        made = self._http[exchange.id] = http.HTTPFlow(context.client, context.server)
        made.request = _request(exchange, context)
        return made

    def _respond(self, made: http.HTTPFlow, exchange: Exchange) -> None:
        if self._fill(made, exchange):
            self._fire(exchange.connection, HttpResponseHook(made))

    def _fill(self, made: http.HTTPFlow, exchange: Exchange) -> bool:
        """Add what came since the flow was made. Return whether there is a response."""
        made.request.data.content = exchange.request.body.data
        if exchange.response is not None:
            made.response = _response(exchange.response, exchange.started)
        return exchange.response is not None

    def _tcp_flow(self, exchange: Exchange) -> tcp.TCPFlow:
        context, made = self._context_of(exchange.connection), self._http[exchange.id]
        self._respond(made, exchange)
        tunnel = self._tcp[exchange.id] = tcp.TCPFlow(context.client, context.server)
        self._tcp_sizes[exchange.id] = 0
        tunnel.metadata["docker_http_flow"] = made.id
        made.metadata["docker_tcp_flow"] = tunnel.id
        self._fire(exchange.connection, TcpStartHook(tunnel))
        return tunnel


def _request(exchange: Exchange, context: Context) -> http.Request:
    request, address = exchange.request, context.server.address or ("docker", 0)
    return http.Request(
        host=str(address[0]),
        port=int(address[1]),
        method=request.method.encode("latin-1"),
        scheme=b"https" if context.server.tls else b"http",
        authority=b"",
        path=request.target.encode("latin-1"),
        http_version=f"HTTP/{request.version}".encode(),
        headers=_headers(request.headers),
        content=request.body.data,
        trailers=_headers(request.body.trailers) if len(request.body.trailers) else None,
        timestamp_start=exchange.started,
        timestamp_end=exchange.started + (request.body.ended_at or 0.0),
    )


def _response(response: Response, started: float) -> http.Response:
    return http.Response(
        http_version=f"HTTP/{response.version}".encode(),
        status_code=response.status,
        reason=response.reason.encode("latin-1"),
        headers=_headers(response.headers),
        content=response.body.data,
        trailers=_headers(response.body.trailers) if len(response.body.trailers) else None,
        timestamp_start=started + response.at,
        timestamp_end=started + (response.body.ended_at or response.at),
    )


def _headers(headers: Headers) -> http.Headers:
    return http.Headers(headers.fields)
