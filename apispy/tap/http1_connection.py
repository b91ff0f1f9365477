"""A connection that speaks HTTP/1: two byte streams with times in, exchanges out. Sans-IO.

State and ownership
-------------------
An Http1Connection owns at most one OpenExchange, which owns the readers and streams of its request, response and
tunnel. The exchange goes through these states, and every step emits an event:

    none --request's head--> Opened --final response's head--> ResponseStarted --both streams ended--> Closed, none

The streams are the request's and the response's bodies; after a hijack or upgrade they are the two sides of the tunnel,
which are not parsed. ``OpenExchange.protocol`` is set then.

Bytes that the client sends after a request's end and before its response's end are ambiguous: pipelined requests, or
stdin that came before the 101. ``_held`` keeps them (at most MAX_HELD) until the response decides: they go to the
tunnel, or are parsed as the next request once the exchange is closed. An exchange that ends early is closed as "left"
if the client ended it, else as "cut".
Anything that cannot be parsed raises h11.RemoteProtocolError. Once ``over`` is set, nothing more is to be parsed.
"""

import re
from collections.abc import Iterator

import h11

from apispy.model import Direction, End, Exchange, Headers, Request, Response
from apispy.tap import http1
from apispy.tap.events import CLIENT_LEFT, CLIENT_RESET, Closed, Event, Opened, ResponseStarted
from apispy.tap.exchange import MakeExchange, OpenExchange

MAX_CHUNK = 64 << 10
"""Bytes of a tunnel in one chunk: while one is decoded and shown, the bytes of other connections wait."""

MAX_HELD = 8 << 20
"""Bytes that a client may be ahead of the daemon's response before the tap gives up on the connection."""

REQUEST_BEGINS = re.compile(rb"[\r\n]*(?:[A-Z]|$)")

STATUS_LINE_BEGINS = b"HTTP/1."

PLAINTEXT_TO_TLS = b"HTTP request to an HTTPS server"
"""Part of the response of Go's TLS server to plain HTTP."""

BODY_WITHOUT_LENGTH = (
    "the client sent a body without Content-Length and without chunks, so the daemon takes the body as empty, and "
    "its bytes as the next request"
)
BODY_OF_HEAD = "the daemon sent a body in response to HEAD, which has none"

NOT_HTTP1 = {
    b"PRI * HTTP/2": "the client switches to HTTP/2 on a connection that it began in HTTP/1",
    b"\x16\x03": "the client speaks TLS on a listener that expects plaintext",
}
"""The first bytes of connections that are not HTTP/1, and the reason to give up on them."""


class Http1Connection:
    """The tap of one HTTP/1 connection. *make_exchange* makes its exchanges.

    Its methods yield events, and raise h11.RemoteProtocolError for bytes that cannot be parsed.
    """

    def __init__(self, make_exchange: MakeExchange) -> None:
        self.over = False
        self._make_exchange = make_exchange
        self._open: OpenExchange | None = None
        self._held: list[tuple[bytes, float]] = []
        self._held_size = 0
        self._client_ended: float | None = None  # when
        self._server_ended = False
        self._last: Request | None = None  # of the last exchange that is closed
        self._refused = (
            ""  # why the head of the open exchange's request is invalid: nothing after it is parsed
        )
        self._has_unread = False  # the client sent more after that head
        self._is_last = False  # nothing is parsed after the open exchange

    def begin_with(self, request: Request, at: float) -> Iterator[Event]:
        """Open an exchange for *request*, which was parsed already. Nothing is parsed after its response."""
        exchange = self._open = self._make_exchange(at)
        exchange.request = request
        exchange.response_reader = http1.response_reader(request)
        self._is_last = True
        yield Opened(exchange.freeze())
        yield exchange.end("request", at)

    # -- data --

    def from_client(self, data: bytes, at: float) -> Iterator[Event]:
        if self._refused or self._is_last:
            self._has_unread = True
            return
        exchange = self._open or self._begin(data, at)
        if exchange.protocol is not None:
            yield from _tunnelled(exchange, "to_server", data, at)
        elif exchange.ended("request"):
            self._hold(data, at)
        else:
            yield from self._request_data(exchange, data, at)

    def _begin(self, data: bytes, at: float) -> OpenExchange:
        for start, reason in NOT_HTTP1.items():
            if data.startswith(start):
                raise h11.RemoteProtocolError(reason)
        if _lacks_length(self._last) and not REQUEST_BEGINS.match(data):
            raise h11.RemoteProtocolError(BODY_WITHOUT_LENGTH)
        self._open = self._make_exchange(at)
        return self._open

    def _request_data(self, exchange: OpenExchange, data: bytes, at: float) -> Iterator[Event]:
        try:
            yield from self._request_parts(exchange, data, at)
        except h11.RemoteProtocolError as error:
            found = None if exchange.request else exchange.request_reader.refused_request(exchange.since(at))
            if found is None:
                raise
            exchange.request, rest = found
            exchange.response_reader = http1.response_reader(exchange.request)
            self._refused, self._has_unread = f"not a valid request: {_uncapitalized(str(error))}", bool(rest)
            yield Opened(exchange.freeze(), self._refused)
            yield exchange.end("request", at)

    def _request_parts(self, exchange: OpenExchange, data: bytes, at: float) -> Iterator[Event]:
        for part in exchange.request_reader.feed(data, exchange.since(at)):
            match part:
                case Request():
                    exchange.request = part
                    exchange.response_reader = http1.response_reader(part)
                    yield Opened(exchange.freeze())
                case bytes():
                    yield exchange.add("request", part, at)
                case Headers():
                    yield exchange.end("request", at, part)
                    self._hold(exchange.request_reader.rest, at)
        yield from self._finish_if_done(exchange, at)

    def from_server(self, data: bytes, at: float) -> Iterator[Event]:
        exchange = self._open
        if self._server_ended:
            raise h11.RemoteProtocolError("the daemon sent data after it closed its side")
        if exchange is None or exchange.response_reader is None:
            raise h11.RemoteProtocolError(self._reason_unasked())
        if exchange.protocol is not None:
            yield from _tunnelled(exchange, "to_client", data, at)
        else:
            yield from self._response_data(exchange, data, at)

    def _response_data(self, exchange: OpenExchange, data: bytes, at: float) -> Iterator[Event]:
        assert exchange.request is not None
        assert exchange.response_reader is not None
        for part in exchange.response_reader.feed(data, exchange.since(at)):
            match part:
                case bytes():
                    yield exchange.add("response", part, at)
                case Headers():
                    yield exchange.end("response", at, part)
                case Response(status=status):
                    if status < 200 and status != 101:
                        continue  # 100 Continue, 103: the final response is still to come
                    exchange.response = part
                    exchange.protocol = http1.tunnel_protocol(exchange.request, part)
                    yield ResponseStarted(exchange.freeze())
                    if exchange.protocol is not None:
                        yield from self._enter_tunnel(exchange, at)
                        return
        rest = exchange.response_reader.rest if exchange.ended("response") else b""
        if rest and exchange.request.method == "HEAD" and not _may_begin_response(rest):
            yield Closed(self._close(exchange, at, _body_of_head(rest)))
            self.over = True
            return
        yield from self._finish_if_done(exchange, at)
        if rest and self._open is exchange:
            raise h11.RemoteProtocolError(
                "the daemon sent data after its response, before the request was complete"
            )
        if rest and not self.over:  # responses to pipelined requests may share a segment
            yield from self.from_server(rest, at)

    def _enter_tunnel(self, exchange: OpenExchange, at: float) -> Iterator[Event]:
        """Give the early bytes of both sides to the tunnel; what follows is not parsed."""
        assert exchange.response_reader is not None
        if early := exchange.response_reader.rest:
            yield from _tunnelled(exchange, "to_client", early, at)
        for data, came_at in self._take_held():
            yield from _tunnelled(exchange, "to_server", data, came_at)
        if self._client_ended is not None:
            yield exchange.end("to_server", self._client_ended)

    # -- ends --

    def client_eof(self, at: float) -> Iterator[Event]:
        self._client_ended = at
        exchange = self._open
        if exchange is not None and exchange.protocol is not None and not exchange.ended("to_server"):
            yield exchange.end("to_server", at)
            yield from self._finish_if_done(exchange, at)

    def server_eof(self, at: float) -> Iterator[Event]:
        self._server_ended = True
        exchange = self._open
        if exchange is None:
            return
        if exchange.protocol is not None:
            if not exchange.ended("to_client"):
                yield exchange.end("to_client", at)
        elif exchange.response is not None and not exchange.ended("response"):
            try:
                yield from self._response_data(exchange, b"", at)  # a response may end with its connection
            except h11.RemoteProtocolError:
                if self._open is not exchange:
                    raise  # the response was complete; the error is in what follows it
                yield from self._cut(
                    exchange, at, "the daemon closed the connection in the middle of its response"
                )
        elif exchange.response is None:
            yield from self._cut(exchange, at, "the daemon closed the connection without a response")
        if self._open is exchange:
            yield from self._finish_if_done(exchange, at)

    def lost(self, at: float, reason: str) -> Iterator[Event]:
        while (exchange := self._open) is not None and exchange.request is not None:
            if exchange.protocol is None and exchange.ended("response"):
                problem = "the daemon responded before the request was complete"
                yield Closed(self._close(exchange, at, problem))
            else:
                yield from self._cut(exchange, at, reason or "the connection was closed")
        self.over = True

    def _finish_if_done(self, exchange: OpenExchange, at: float) -> Iterator[Event]:
        if not exchange.done:
            return
        held = self._held[0][0] if self._held else b""
        lost = _lacks_length(exchange.request) and not REQUEST_BEGINS.match(held)
        yield Closed(self._close(exchange, at, *([BODY_WITHOUT_LENGTH] if lost else [])))
        if self._is_last:
            self.over = True
        elif self._has_unread:
            raise h11.RemoteProtocolError(self._refused)
        yield from self._pipelined()

    def _pipelined(self) -> Iterator[Event]:
        """Parse the held bytes as the next requests."""
        for data, came_at in self._take_held():
            yield from self.from_client(data, came_at)

    def _close(self, exchange: OpenExchange, at: float, *problems: str) -> Exchange:
        self._open, self._last = None, exchange.request
        return exchange.freeze("complete", at, *self._refusal, *problems)

    def _cut(self, exchange: OpenExchange, at: float, reason: str) -> Iterator[Event]:
        self._open = None
        if exchange.request is not None:
            if self._client_ended is not None and exchange.protocol is None and reason != CLIENT_RESET:
                reason = CLIENT_LEFT
            yield Closed(exchange.freeze(_early_end(reason), at, *self._refusal, reason))
        if exchange.may_be_followed:
            yield from self._pipelined()
        else:
            self.over = True  # the client's other bytes belong to this exchange

    @property
    def _refusal(self) -> list[str]:
        return [self._refused] if self._refused else []

    def _reason_unasked(self) -> str:
        """Say what data of the daemon is to which no request belongs."""
        if self._refused:
            return self._refused
        if self._open is not None:
            return "the daemon responded before the head of the request was complete"
        if self._last is None:
            return "the daemon sent data before any request"
        return (
            BODY_OF_HEAD if self._last.method == "HEAD" else "the daemon sent data that no request asked for"
        )

    def _hold(self, data: bytes, at: float) -> None:
        if data:
            self._held.append((data, at))
            self._held_size += len(data)
        if self._held_size > MAX_HELD:
            raise h11.RemoteProtocolError(f"the client is more than {MAX_HELD} bytes ahead of the daemon")

    def _take_held(self) -> list[tuple[bytes, float]]:
        held, self._held, self._held_size = self._held, [], 0
        return held

    def give_up(self, at: float, reason: str) -> Iterator[Event]:
        """Close the open exchange, because for *reason* nothing more can be parsed."""
        self._take_held()
        exchange, self._open = self._open, None
        if exchange is not None and exchange.request is not None:
            yield Closed(exchange.freeze("cut", at, reason))


def _uncapitalized(text: str) -> str:
    return text[:1].lower() + text[1:]


def _early_end(reason: str) -> End:
    return "left" if reason in (CLIENT_LEFT, CLIENT_RESET) else "cut"


def _lacks_length(request: Request | None) -> bool:
    """Whether a request that may have a body does not give its length: the daemon then takes the body as empty."""
    if request is None or request.method not in ("POST", "PUT", "PATCH"):
        return False
    return "content-length" not in request.headers and "transfer-encoding" not in request.headers


def _may_begin_response(data: bytes) -> bool:
    """Whether *data* is the beginning of a response, or of its first bytes."""
    return data[: len(STATUS_LINE_BEGINS)] == STATUS_LINE_BEGINS[: len(data)]


def _body_of_head(body: bytes) -> str:
    if PLAINTEXT_TO_TLS in body:
        return "the daemon speaks TLS on this port, and got plain HTTP"
    return f"{BODY_OF_HEAD}: {len(body)} bytes"


def _tunnelled(exchange: OpenExchange, direction: Direction, data: bytes, at: float) -> Iterator[Event]:
    for start in range(0, len(data), MAX_CHUNK):
        yield exchange.add(direction, data[start : start + MAX_CHUNK], at)
