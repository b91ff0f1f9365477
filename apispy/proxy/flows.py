"""An output that makes mitmproxy's flows of calls, for its views, its save file and its HAR export.

Like every output it gets redacted exchanges, so mitmproxy's files contain no secrets either. A hijacked connection is
an HTTPFlow and a TCPFlow, as in mitmproxy, linked by ``metadata``. The hooks of a flow are fired in mitmproxy's order:
its View, which mitmweb and mitmproxy show, lists a flow from ``requestheaders`` on.
"""

from collections.abc import Callable

from mitmproxy import flow, http, tcp
from mitmproxy.proxy.commands import StartHook
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http._hooks import (
    HttpErrorHook,
    HttpRequestHeadersHook,
    HttpRequestHook,
    HttpResponseHeadersHook,
    HttpResponseHook,
)
from mitmproxy.proxy.layers.tcp import TcpEndHook, TcpMessageHook, TcpStartHook

from apispy.model import Chunk, Direction, Exchange, Headers, Response
from apispy.outputs import DecodedCall, Output
from apispy.outputs.base import ENDED_EARLY
from apispy.outputs.call_line import plain_line
from apispy.structs import Struct

HOOKS = (HttpRequestHeadersHook, HttpRequestHook, HttpResponseHeadersHook, HttpResponseHook)
"""The hooks of an HTTP flow without an error, in mitmproxy's order (mitmproxy/proxy/layers/http/__init__.py)."""

CALL, STREAMS = "docker_call", "docker_streams"
"""Keys of a flow's metadata: operation and path of the call; decoder names by direction, of a hijacked connection."""

SIZES = "docker_sizes"
"""Key of an HTTP flow's metadata: bytes of its bodies by direction, if the flow does not hold all of them."""

HTTP_FLOW, TCP_FLOW = "docker_http_flow", "docker_tcp_flow"
"""Keys of a flow's metadata: the ID of the other flow of a hijacked connection."""

Fire = Callable[[int, StartHook], None]
"""Takes the number of a connection and a hook, which its layer is to fire."""


class _Open(Struct):
    """The flows of a call that has not ended."""

    http_flow: http.HTTPFlow
    fired: int = 0  # how many of HOOKS
    tcp_flow: tcp.TCPFlow | None = None
    tcp_size: int = 0  # bytes of the tunnel so far


class FlowOutput(Output):
    """Makes flows. *context_of* returns mitmproxy's context of a connection; a TCPFlow has at most *limit* bytes.

    *updated* is called with a flow that changed after its last hook.
    """

    def __init__(
        self,
        context_of: Callable[[int], Context],
        fire: Fire,
        limit: int,
        updated: Callable[[flow.Flow], None] = lambda _: None,
    ) -> None:
        self._context_of = context_of
        self._fire = fire
        self._limit = limit
        self._updated = updated
        self._open: dict[int, _Open] = {}

    def started(self, decoded: DecodedCall) -> None:
        exchange = decoded.exchange
        context = self._context_of(exchange.connection)
        made = http.HTTPFlow(context.client, context.server)
        made.request = _request(exchange, context)
        made.metadata[CALL] = f"{decoded.call.operation.id or '?'} {exchange.request.target}"
        made.comment = plain_line(decoded)
        self._open[exchange.id] = _Open(made)
        self._fire_until(
            decoded, HttpRequestHeadersHook if exchange.request.announces_body else HttpRequestHook
        )

    def answered(self, decoded: DecodedCall) -> None:
        self._fill(decoded)
        if decoded.exchange.request.body.ended_at is not None or not decoded.exchange.request.announces_body:
            self._fire_until(decoded, HttpResponseHeadersHook)

    def chunk(self, decoded: DecodedCall, direction: Direction, offset: int, chunk: Chunk) -> None:
        exchange = decoded.exchange
        if exchange.tunnel is None or exchange.id not in self._open:
            return
        state = self._open[exchange.id]
        made = state.tcp_flow or self._tcp_flow(decoded)
        state.tcp_size += len(chunk.data)
        if state.tcp_size <= self._limit:  # mitmproxy itself has no limit
            message = tcp.TCPMessage(direction == "to_server", chunk.data, exchange.started + chunk.at)
            made.messages.append(message)
            self._fire(exchange.connection, TcpMessageHook(made))

    def write(self, decoded: DecodedCall) -> None:
        exchange = decoded.exchange
        if exchange.id not in self._open:
            self.started(decoded)
        self._fill(decoded)
        state = self._open[exchange.id]
        state.http_flow.comment = plain_line(decoded, ended=True)
        if exchange.end in ENDED_EARLY:
            message = "; ".join(exchange.problems) or "cut"
            state.http_flow.error = flow.Error(message, exchange.started + exchange.duration)
            self._fire(exchange.connection, HttpErrorHook(state.http_flow))
        elif state.fired == len(HOOKS):
            self._updated(state.http_flow)
        elif state.http_flow.response is not None:
            self._fire_until(decoded, HttpResponseHook)
        if state.tcp_flow is not None:
            state.tcp_flow.comment = state.http_flow.comment
            self._fire(exchange.connection, TcpEndHook(state.tcp_flow))
        del self._open[exchange.id]

    def _fill(self, decoded: DecodedCall) -> None:
        """Add to the HTTP flow what came since it was made."""
        exchange, made = decoded.exchange, self._open[decoded.exchange.id].http_flow
        made.request.data.content = exchange.request.body.data
        if sizes := {direction: body.size for direction, body in exchange.streams.items() if body.cut}:
            made.metadata[SIZES] = sizes
        if exchange.response is not None:
            made.response = _response(exchange.response, exchange.started)

    def _fire_until(self, decoded: DecodedCall, last: type[StartHook]) -> None:
        """Fire the hooks up to *last* that were not fired."""
        state = self._open[decoded.exchange.id]
        for hook in HOOKS[state.fired : HOOKS.index(last) + 1]:
            state.fired += 1
            self._fire(decoded.exchange.connection, hook(state.http_flow))

    def _tcp_flow(self, decoded: DecodedCall) -> tcp.TCPFlow:
        exchange, state = decoded.exchange, self._open[decoded.exchange.id]
        context = self._context_of(exchange.connection)
        self._fill(decoded)
        self._fire_until(decoded, HttpResponseHook)
        made = state.tcp_flow = tcp.TCPFlow(context.client, context.server)
        made.comment = state.http_flow.comment
        made.metadata |= {HTTP_FLOW: state.http_flow.id, CALL: state.http_flow.metadata[CALL]}
        made.metadata[STREAMS] = dict(decoded.formats)
        state.http_flow.metadata[TCP_FLOW] = made.id
        self._fire(exchange.connection, TcpStartHook(made))
        return made


def _request(exchange: Exchange, context: Context) -> http.Request:
    request, address = exchange.request, context.server.address or ("docker", 0)
    return http.Request(
        host=str(address[0]),
        port=int(address[1]),
        method=request.method.encode("latin-1"),
        scheme=b"https" if context.server.tls else b"http",
        authority=b"",
        path=request.target.encode("latin-1"),
        http_version=_http_version(request.version),
        headers=_headers(request.headers),
        content=request.body.data,
        trailers=_headers(request.body.trailers) if len(request.body.trailers) else None,
        timestamp_start=exchange.started,
        timestamp_end=exchange.started + (request.body.ended_at or 0.0),
    )


def _response(response: Response, started: float) -> http.Response:
    return http.Response(
        http_version=_http_version(response.version),
        status_code=response.status,
        reason=response.reason.encode("latin-1"),
        headers=_headers(response.headers),
        content=response.body.data,
        trailers=_headers(response.body.trailers) if len(response.body.trailers) else None,
        timestamp_start=started + response.at,
        timestamp_end=started + (response.body.ended_at or response.at),
    )


def _http_version(version: str) -> bytes:
    """Return the version as mitmproxy writes it."""
    return b"HTTP/2.0" if version == "2" else f"HTTP/{version}".encode()


def _headers(headers: Headers) -> http.Headers:
    return http.Headers(headers.fields)
