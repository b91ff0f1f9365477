"""Reads one connection between a client and a daemon: two byte streams with times in, exchanges out. Sans-IO.

One exchange is read at a time. What the client sends after a request's end and before its answer's end
(pipelined requests, or stdin that came before the 101) is held, and goes where it belongs once that is known.
"""

from collections.abc import Callable, Iterator

import h11

from apispy.model import Direction, Exchange, Headers, Request, Response
from apispy.tap import http1
from apispy.tap.events import Closed, Event, GaveUp, Opened, ResponseStarted
from apispy.tap.exchange import OpenExchange

PIECE = 64 << 10
"""Bytes of a tunnel that are one chunk at most: as long as one is read and shown, the bytes of others wait."""

HELD_LIMIT = 8 << 20
"""Bytes that a client may be ahead of the daemon's answer before the tap gives up on the connection."""

NOT_HTTP1 = {
    b"PRI * HTTP/2": "the client speaks HTTP/2 from the start, which apispy does not read yet",
    b"\x16\x03": "the client speaks TLS on a listener that expects plaintext",
}
"""First bytes of a connection that are something else, and what to say of them."""


class ConnectionTap:
    """The tap of one connection.

    *next_number* numbers the exchanges over all connections; *limit* is how many bytes of a stream are kept;
    *digests* asks for the SHA-256 of longer ones.
    All times are Unix seconds. No method raises: what cannot be read ends in one GaveUp, and silence.
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
        self._client_left: float | None = None
        self._server_left = False
        self._over = False

    def from_client(self, data: bytes, at: float) -> list[Event]:
        """The client sent *data*."""
        return self._guard(self._client_data(data, at), at)

    def from_server(self, data: bytes, at: float) -> list[Event]:
        """The daemon sent *data*."""
        return self._guard(self._server_data(data, at), at)

    def client_eof(self, at: float) -> list[Event]:
        """The client will send no more: a half-close, or it has gone."""
        self._client_left = at
        return self._guard(self._client_end(at), at)

    def server_eof(self, at: float) -> list[Event]:
        """The daemon will send no more."""
        return self._guard(self._server_end(at), at)

    def lost(self, at: float, why: str = "") -> list[Event]:
        """The connection is gone altogether; what is still open was cut."""
        return self._guard(self._lost(at, why), at)

    # -- the four streams --

    def _client_data(self, data: bytes, at: float) -> Iterator[Event]:
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
        if self._server_left:
            raise h11.RemoteProtocolError("the daemon spoke after it had closed its side")
        if exchange is None or exchange.response_reader is None:
            raise h11.RemoteProtocolError("the daemon spoke before it was asked")
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
                        continue  # 100 Continue, 103: the answer is still to come
                    exchange.response = part
                    exchange.protocol = http1.tunnel_protocol(exchange.request, part)
                    yield ResponseStarted(exchange.freeze())
                    if exchange.protocol is not None:
                        yield from self._enter_tunnel(exchange, at)
                        return
        rest = exchange.response_reader.rest if exchange.ended("response") else b""
        yield from self._finish_if_done(exchange, at)
        if rest and self._open is exchange:
            raise h11.RemoteProtocolError(
                "the daemon said more than its answer before it had the whole request"
            )
        if rest:  # answers to pipelined requests may share a segment
            yield from self._server_data(rest, at)

    def _enter_tunnel(self, exchange: OpenExchange, at: float) -> Iterator[Event]:
        """From here on both sides are raw, and what came early belongs to the tunnel."""
        assert exchange.response_reader is not None
        if early := exchange.response_reader.rest:
            yield from _tunnelled(exchange, "to_client", early, at)
        for data, came_at in self._take_held():
            yield from _tunnelled(exchange, "to_server", data, came_at)
        if self._client_left is not None:
            yield exchange.end("to_server", self._client_left)

    # -- ends --

    def _client_end(self, at: float) -> Iterator[Event]:
        exchange = self._open
        if exchange is not None and exchange.protocol is not None and not exchange.ended("to_server"):
            yield exchange.end("to_server", at)
            yield from self._finish_if_done(exchange, at)

    def _server_end(self, at: float) -> Iterator[Event]:
        self._server_left = True
        exchange = self._open
        if exchange is None:
            return
        if exchange.protocol is not None:
            if not exchange.ended("to_client"):
                yield exchange.end("to_client", at)
        elif exchange.response is not None and not exchange.ended("response"):
            try:
                yield from self._response_data(exchange, b"", at)  # an answer may end with its connection
            except h11.RemoteProtocolError:
                if self._open is not exchange:
                    raise  # it ended well, and what is wrong stands behind it
                yield from self._cut(
                    exchange, at, "the daemon closed the connection in the middle of its answer"
                )
        elif exchange.response is None:
            yield from self._cut(exchange, at, "the daemon closed the connection without an answer")
        if self._open is exchange:
            yield from self._finish_if_done(exchange, at)

    def _lost(self, at: float, why: str) -> Iterator[Event]:
        while (exchange := self._open) is not None and exchange.request is not None:
            if exchange.protocol is None and exchange.ended("response"):
                note = "the daemon answered before it had the whole request"
                yield Closed(self._freeze(exchange, at, note))
            else:
                yield from self._cut(exchange, at, why or "the connection was closed")
        self._over = True

    def _finish_if_done(self, exchange: OpenExchange, at: float) -> Iterator[Event]:
        if not exchange.done:
            return
        yield Closed(self._freeze(exchange, at))
        yield from self._pipelined()

    def _pipelined(self) -> Iterator[Event]:
        """The next request may have been here already."""
        for data, came_at in self._take_held():
            yield from self._client_data(data, came_at)

    def _freeze(self, exchange: OpenExchange, at: float, *problems: str) -> Exchange:
        self._open = None
        return exchange.freeze("complete", at, *problems)

    def _cut(self, exchange: OpenExchange, at: float, why: str) -> Iterator[Event]:
        self._open = None
        if exchange.request is not None:
            if self._client_left is not None and exchange.protocol is None:
                why = "the client went away"
            yield Closed(exchange.freeze("cut", at, why))
        if exchange.may_be_followed:
            yield from self._pipelined()
        else:
            self._over = True  # what the client has sent, or sends, belongs to this one

    def _hold(self, data: bytes, at: float) -> None:
        if data:
            self._held.append((data, at))
            self._held_size += len(data)
        if self._held_size > HELD_LIMIT:
            raise h11.RemoteProtocolError(f"the client is more than {HELD_LIMIT} bytes ahead of the daemon")

    def _take_held(self) -> list[tuple[bytes, float]]:
        held, self._held, self._held_size = self._held, [], 0
        return held

    def _guard(self, events: Iterator[Event], at: float) -> list[Event]:
        """Collect *events*; whatever goes wrong in reading ends in GaveUp, never in an exception."""
        if self._over:
            return []
        found: list[Event] = []
        try:
            for event in events:  # not extend(): what was read before a fault is kept
                found.append(event)
        except Exception as error:  # a bug of ours must not reach the traffic either
            found.extend(self._give_up(error, at))
        return found

    def _give_up(self, error: Exception, at: float) -> Iterator[Event]:
        known = isinstance(error, h11.RemoteProtocolError)
        reason = str(error) if known else f"a fault in apispy: {error!r}"
        self._take_held()
        exchange, self._open, self._over = self._open, None, True
        if exchange is not None and exchange.request is not None:
            yield Closed(exchange.freeze("cut", at, f"could not be read further: {reason}"))
        yield GaveUp(self.number, reason, at)


def _tunnelled(exchange: OpenExchange, direction: Direction, data: bytes, at: float) -> Iterator[Event]:
    for start in range(0, len(data), PIECE):
        yield exchange.add(direction, data[start : start + PIECE], at)
