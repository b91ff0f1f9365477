"""Parses one connection between a client and a daemon: two byte streams with times in, exchanges out. Sans-IO.

State and ownership
-------------------
A ConnectionTap owns at most one OpenExchange, which owns the readers and streams of its request, response and tunnel.
The exchange goes through these states, and every step emits an event:

    none --request's head--> Opened --final response's head--> ResponseStarted --both streams ended--> Closed, none

The streams are the request's and the response's bodies; after a hijack or upgrade they are the two sides of the tunnel,
which are not parsed. ``OpenExchange.protocol`` is set then.

Bytes that the client sends after a request's end and before its response's end are ambiguous: pipelined requests, or
stdin that came before the 101. ``_held`` keeps them (at most MAX_HELD) until the response decides: they go to the
tunnel, or are parsed as the next request once the exchange is closed. An exchange that ends early is closed as "left"
if the client ended it, else as "cut".
Anything that cannot be parsed closes the exchange, emits one GaveUp and sets ``_over``: from then on nothing is parsed.
Events carry frozen copies, so consumers never share the tap's state. A tap is not thread-safe: one caller feeds it.
"""

import re
from collections.abc import Callable, Iterator

import h11

from apispy.model import Direction, End, Exchange, Headers, Request, Response
from apispy.tap import http1
from apispy.tap.events import CLIENT_LEFT, CLIENT_RESET, Closed, Event, GaveUp, Opened, ResponseStarted
from apispy.tap.exchange import OpenExchange

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
    b"PRI * HTTP/2": "the client speaks HTTP/2 from the start, which apispy cannot read yet",
    b"\x16\x03": "the client speaks TLS on a listener that expects plaintext",
}
"""The first bytes of connections that are not HTTP/1, and the reason to give up on them."""


class ConnectionTap:
    """The tap of one connection.

    *next_number* numbers the exchanges of all connections. *limit* is the number of bytes kept of each stream; with
    *digests*, longer streams get a SHA-256 of all their bytes.
    All times are Unix seconds. No method raises: after bytes that cannot be parsed there is one GaveUp, then nothing.
    """

    def __init__(
        self,
        number: int,
        client: str,
        upstream: str,
        next_number: Callable[[], int],
        limit: int = 1 << 20,
        *,
        digests: bool = False,
    ) -> None:
        self.number, self.client, self.upstream = number, client, upstream
        self._next_number = next_number
        self._limit, self._digests = limit, digests
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
        self._over = False

    @property
    def client_ended(self) -> bool:
        """Whether the client's side has ended: it has left, or it only reads."""
        return self._client_ended is not None

    def from_client(self, data: bytes, at: float) -> list[Event]:
        """Process *data* from the client."""
        return self._guard(self._client_data(data, at), at)

    def from_server(self, data: bytes, at: float) -> list[Event]:
        """Process *data* from the daemon."""
        return self._guard(self._server_data(data, at), at)

    def client_eof(self, at: float) -> list[Event]:
        """Process the end of the client's side: a half-close, or the client disconnected."""
        self._client_ended = at
        return self._guard(self._client_end(at), at)

    def server_eof(self, at: float) -> list[Event]:
        """Process the end of the daemon's side."""
        return self._guard(self._server_end(at), at)

    def lost(self, at: float, reason: str = "") -> list[Event]:
        """Process the end of the whole connection for *reason*; CLIENT_LEFT and CLIENT_RESET: the client ended it.

        Exchanges that are still open end with it.
        """
        return self._guard(self._lost(at, reason), at)

    # -- data --

    def _client_data(self, data: bytes, at: float) -> Iterator[Event]:
        if self._refused:
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
        self._open = OpenExchange(
            self._next_number(),
            self.number,
            self.client,
            self.upstream,
            at,
            self._limit,
            digests=self._digests,
        )
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

    def _server_data(self, data: bytes, at: float) -> Iterator[Event]:
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
            self._over = True
            return
        yield from self._finish_if_done(exchange, at)
        if rest and self._open is exchange:
            raise h11.RemoteProtocolError(
                "the daemon sent data after its response, before the request was complete"
            )
        if rest:  # responses to pipelined requests may share a segment
            yield from self._server_data(rest, at)

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

    def _client_end(self, at: float) -> Iterator[Event]:
        exchange = self._open
        if exchange is not None and exchange.protocol is not None and not exchange.ended("to_server"):
            yield exchange.end("to_server", at)
            yield from self._finish_if_done(exchange, at)

    def _server_end(self, at: float) -> Iterator[Event]:
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

    def _lost(self, at: float, reason: str) -> Iterator[Event]:
        while (exchange := self._open) is not None and exchange.request is not None:
            if exchange.protocol is None and exchange.ended("response"):
                problem = "the daemon responded before the request was complete"
                yield Closed(self._close(exchange, at, problem))
            else:
                yield from self._cut(exchange, at, reason or "the connection was closed")
        self._over = True

    def _finish_if_done(self, exchange: OpenExchange, at: float) -> Iterator[Event]:
        if not exchange.done:
            return
        held = self._held[0][0] if self._held else b""
        lost = _lacks_length(exchange.request) and not REQUEST_BEGINS.match(held)
        yield Closed(self._close(exchange, at, *([BODY_WITHOUT_LENGTH] if lost else [])))
        if self._has_unread:
            raise h11.RemoteProtocolError(self._refused)
        yield from self._pipelined()

    def _pipelined(self) -> Iterator[Event]:
        """Parse the held bytes as the next requests."""
        for data, came_at in self._take_held():
            yield from self._client_data(data, came_at)

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
            self._over = True  # the client's other bytes belong to this exchange

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

    def _guard(self, events: Iterator[Event], at: float) -> list[Event]:
        """Collect *events*. An error in parsing ends in GaveUp, never in an exception."""
        if self._over:
            return []
        found: list[Event] = []
        try:
            for event in events:  # not extend(): events before an error are kept
                found.append(event)
        except Exception as error:  # a bug in apispy must not affect the traffic either
            found.extend(self._give_up(error, at))
        return found

    def _give_up(self, error: Exception, at: float) -> Iterator[Event]:
        known = isinstance(error, h11.RemoteProtocolError)
        reason = str(error) if known else f"an internal error in apispy: {error!r}"
        self._take_held()
        exchange, self._open, self._over = self._open, None, True
        if exchange is not None and exchange.request is not None:
            yield Closed(exchange.freeze("cut", at, f"could not be read further: {reason}"))
        yield GaveUp(self.number, reason, at)


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
