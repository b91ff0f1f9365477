"""Parses one connection between a client and a daemon: two byte streams with times in, exchanges out. Sans-IO.

The client's first bytes decide which parser gets the connection: ``Http2Connection`` if they are HTTP/2's preface, else
``Http1Connection``. A daemon that does not speak HTTP/2 answers the preface in HTTP/1: then the preface is an exchange
of its own, with the method PRI, and nothing after its response is parsed.

An error in parsing closes the open exchanges and emits one GaveUp; from then on nothing is parsed. The events of one
read come by exchange: in HTTP/2 they may be of several. Events carry frozen copies, so consumers never share the tap's
state. A tap is not thread-safe: one caller feeds it.
"""

import math
from collections.abc import Callable, Iterator

import h11

from apispy.http2 import PREFACE, Http2Error
from apispy.model import Request
from apispy.tap.events import Closed, Event, GaveUp, Opened, ResponseStarted
from apispy.tap.exchange import OpenExchange
from apispy.tap.http1_connection import Http1Connection
from apispy.tap.http2_connection import Http2Connection

PREFACE_LINE = b"PRI * HTTP/2.0\r\n"
"""The beginning of the preface: a daemon may refuse it before it has the rest."""

PREFACE_REQUEST = Request("PRI", "*", "2.0")
"""What a daemon takes the preface for if it does not speak HTTP/2."""

PREFACE_REFUSED = "HTTP/2 was refused: its preface was answered in HTTP/1"

SETTINGS_BEGIN = b"\x04\x00\x00\x00\x00\x00"
"""Bytes 3 to 8 of each side's first frame: SETTINGS, no flags, no stream."""


MAX_EARLY = 64 << 10
"""Bytes of a daemon that are kept until the client's first bytes show whether it speaks HTTP/2."""


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
        self.client_ended = False  # the client's side has ended: it has left, or it only reads
        self._next_number = next_number
        self._limit, self._digests = limit, digests
        self._parser: Http1Connection | Http2Connection = Http1Connection(self._make_exchange)
        # The first data (from the client?, the data, its time) while the preface may follow; None once that is decided.
        self._beginning: list[tuple[bool, bytes, float]] | None = []
        self._over = False

    @property
    def is_http2(self) -> bool:
        """Whether the connection begins with HTTP/2's preface, and the daemon has not refused that."""
        begins = self._beginning is not None and self._sent(True).startswith(PREFACE_LINE)
        return begins or isinstance(self._parser, Http2Connection)

    def from_client(self, data: bytes, at: float) -> list[Event]:
        """Process *data* from the client."""
        return self._guard(self._data(True, data, at), at)

    def from_server(self, data: bytes, at: float) -> list[Event]:
        """Process *data* from the daemon."""
        return self._guard(self._data(False, data, at), at)

    def client_eof(self, at: float) -> list[Event]:
        """Process the end of the client's side: a half-close, or the client disconnected."""
        self.client_ended = True
        return self._guard(self._end(lambda: self._parser.client_eof(at)), at)

    def server_eof(self, at: float) -> list[Event]:
        """Process the end of the daemon's side."""
        return self._guard(self._end(lambda: self._server_eof(at)), at)

    def lost(self, at: float, reason: str = "") -> list[Event]:
        """Process the end of the whole connection for *reason*; CLIENT_LEFT and CLIENT_RESET: the client ended it.

        Exchanges that are still open end with it.
        """
        found = self._guard(self._end(lambda: self._parser.lost(at, reason)), at)
        self._over = True
        return found

    def _data(self, by_client: bool, data: bytes, at: float) -> Iterator[Event]:
        if self._beginning is not None:
            return self._begin(by_client, data, at)
        if by_client:
            return self._parser.from_client(data, at)
        if isinstance(self._parser, Http2Connection) and self._parser.is_refused_by(data):
            return self._refused_by(data, at)
        return self._parser.from_server(data, at)

    def _refused_by(self, data: bytes, at: float) -> Iterator[Event]:
        yield from self._refuse_preface(at)
        yield from self._parser.from_server(data, at)

    def _server_eof(self, at: float) -> Iterator[Event]:
        if isinstance(self._parser, Http2Connection) and not (self._parser.was_used or self.client_ended):
            yield from self._refuse_preface(at)
        yield from self._parser.server_eof(at)

    def _end(self, end: Callable[[], Iterator[Event]]) -> Iterator[Event]:
        if self._beginning is not None:
            yield from self._decide()
        yield from end()

    # -- the beginning --

    def _begin(self, by_client: bool, data: bytes, at: float) -> Iterator[Event]:
        """Collect the first data of both sides until the client's is the preface, or cannot become it."""
        assert self._beginning is not None
        self._beginning.append((by_client, data, at))
        sent, answered = self._sent(True), self._sent(False)
        may_be_http2 = PREFACE.startswith(sent) and _may_begin_settings(answered)
        if sent.startswith(PREFACE) or not may_be_http2 or len(answered) > MAX_EARLY:
            yield from self._decide()

    def _decide(self) -> Iterator[Event]:
        """Choose the parser, and give it the first data."""
        pieces, skip = self._beginning or [], 0
        sent = self._sent(True)
        if sent.startswith(PREFACE) or (sent.startswith(PREFACE_LINE) and PREFACE.startswith(sent)):
            self._parser = Http2Connection(self._make_exchange)
            skip = len(PREFACE)
        self._beginning = None
        for by_client, data, at in pieces:
            if by_client:
                data, skip = data[skip:], max(0, skip - len(data))
            if data:
                yield from self._data(by_client, data, at)

    def _sent(self, by_client: bool) -> bytes:
        return b"".join(data for side, data, _ in self._beginning or () if side is by_client)

    def _refuse_preface(self, at: float) -> Iterator[Event]:
        """Let the rest of the connection be parsed as the answer to the preface in HTTP/1."""
        yield from self._parser.give_up(at, PREFACE_REFUSED)
        self._parser = Http1Connection(self._make_exchange)
        yield from self._parser.begin_with(PREFACE_REQUEST, at)

    def _make_exchange(self, at: float) -> OpenExchange:
        return OpenExchange(
            self._next_number(),
            self.number,
            self.client,
            self.upstream,
            at,
            self._limit,
            digests=self._digests,
        )

    # -- errors --

    def _guard(self, events: Iterator[Event], at: float) -> list[Event]:
        """Collect *events*. An error in parsing ends in GaveUp, never in an exception."""
        if self._over:
            return []
        found: list[Event] = []
        try:
            for event in events:  # not extend(): events before an error are kept
                found.append(event)
        except Exception as error:  # a bug in apispy must not affect the traffic either
            known = isinstance(error, h11.RemoteProtocolError | Http2Error)
            reason = str(error) if known else f"an internal error in apispy: {error!r}"
            found.extend(self._parser.give_up(at, f"could not be read further: {reason}"))
            found.append(GaveUp(self.number, reason, at))
            self._over = True
        self._over = self._over or self._parser.over
        if len(found) > 1 and isinstance(self._parser, Http2Connection):
            # They have one time, and a capture is played in the order of times and numbers.
            found.sort(key=_number)
        return found


def _number(event: Event) -> float:
    """The number of the event's exchange. What belongs to none comes last."""
    match event:
        case GaveUp():
            return math.inf
        case Opened(exchange) | ResponseStarted(exchange) | Closed(exchange):
            return exchange.id
    return event.exchange_id


def _may_begin_settings(data: bytes) -> bool:
    """Whether *data* is nothing, or may be the beginning of a daemon's first frame in HTTP/2."""
    return not data or (data[:1] == b"\x00" and SETTINGS_BEGIN.startswith(data[3:9]))
