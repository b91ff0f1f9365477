"""A connection that begins with HTTP/2's preface: its streams in, exchanges out. Sans-IO.

Each request opens an exchange; many may be open at a time, and each emits the events that it would in HTTP/1. Flow
control, PRIORITY, PING and the peers' limits are theirs to observe. Pushed responses are not read: no daemon sends any.
The exchange of a stream that one side resets is closed as "left" (by the client) or "cut" (by the daemon).
"""

from collections.abc import Iterator

from h2.errors import ErrorCodes

from apispy.http2 import Fields, Http2Error
from apispy.model import Direction, End, Exchange, Headers
from apispy.structs import Struct
from apispy.tap.events import CLIENT_LEFT, CLIENT_RESET, Closed, Event, Opened, ResponseStarted
from apispy.tap.exchange import NO_HEADERS, MakeExchange, OpenExchange
from apispy.tap.http2_frames import Content, FrameReader, GoAway, HeaderBlock, Part, StreamReset
from apispy.tap.http2_messages import request_of, response_of, trailers_of

MAX_STREAMS = 1000
"""Streams that may be open at a time. Go's daemons allow 250, and gRPC's set no limit."""

MAX_HEADERS = 8 << 20
"""Bytes of header fields of all open streams."""

MAX_KEPT = 64 << 20
"""Bytes of the bodies of all open streams that are kept. Beyond that, bodies are only counted."""

RESPONDED_EARLY = "the daemon responded before the request was complete"


class Stream(Struct):
    """An open stream. *is_grpc*: a gRPC response may end before the request, and is complete then."""

    number: int
    exchange: OpenExchange
    is_grpc: bool
    problems: list[str]
    header_size: int = 0


class Http2Connection:
    """The tap of one connection, after the preface. *make_exchange* makes its exchanges.

    Its methods yield events, and raise Http2Error for bytes that cannot be read.
    """

    def __init__(self, make_exchange: MakeExchange) -> None:
        self.over = False
        self._make_exchange = make_exchange
        self._client, self._server = FrameReader(), FrameReader()
        self._streams: dict[int, Stream] = {}
        self._last_stream = 0
        self._answered = self._client_ended = self._server_ended = False
        self._goaway: dict[str, int] = {}  # error code by side: "client", "daemon"
        self._header_size = self._kept = 0  # of all open streams
        self._keeps = True

    @property
    def was_used(self) -> bool:
        """Whether a call was made, or the daemon has sent anything."""
        return self._last_stream > 0 or self._answered

    def is_refused_by(self, data: bytes) -> bool:
        """Whether *data*, the next from the daemon, shows that it does not speak HTTP/2: an HTTP/1 response begins."""
        return not self._answered and data.startswith(b"H")

    def from_client(self, data: bytes, at: float) -> Iterator[Event]:
        for part in self._read(self._client, "client", data):
            yield from self._client_part(part, at)

    def from_server(self, data: bytes, at: float) -> Iterator[Event]:
        self._answered = True
        if self._server_ended:
            raise Http2Error("the daemon sent data after it closed its side")
        for part in self._read(self._server, "daemon", data):
            yield from self._server_part(part, at)

    def client_eof(self, at: float) -> Iterator[Event]:
        """Process the end of the client's side. The responses to its requests may still come."""
        self._client_ended = True
        yield from ()

    def server_eof(self, at: float) -> Iterator[Event]:
        """Process the end of the daemon's side: no open call can be completed any more."""
        self._server_ended = True
        for stream in list(self._streams.values()):
            how = "in the middle of its response" if stream.exchange.response else "without a response"
            reason = f"the daemon closed the connection {how}{self._goaway_reason('daemon')}"
            yield from self._cut(stream, at, reason)

    def lost(self, at: float, reason: str = "") -> Iterator[Event]:
        """Process the end of the whole connection for *reason*."""
        if self._client_ended and reason != CLIENT_RESET:
            reason = CLIENT_LEFT
        side = "client" if reason in (CLIENT_LEFT, CLIENT_RESET) else "daemon"
        text = f"{reason or 'the connection was closed'}{self._goaway_reason(side)}"
        for stream in list(self._streams.values()):
            yield from self._cut(stream, at, text, "left" if side == "client" else "cut")
        self.over = True

    def give_up(self, at: float, reason: str) -> Iterator[Event]:
        """Close all open exchanges, because for *reason* nothing more can be parsed."""
        for stream in list(self._streams.values()):
            yield Closed(self._close(stream, at, "cut", reason))

    def _read(self, reader: FrameReader, side: str, data: bytes) -> Iterator[Part]:
        try:
            yield from reader.feed(data)
        except Http2Error as error:
            raise Http2Error(f"HTTP/2 from the {side}: {error}") from None

    # -- the client's frames --

    def _client_part(self, part: Part, at: float) -> Iterator[Event]:
        match part:
            case HeaderBlock(number, fields, ends) if number > self._last_stream:
                yield from self._request(number, fields, at)
                if ends:
                    yield from self._end_stream(number, "request", at)
            case HeaderBlock(number, fields, ends):
                if ends:
                    yield from self._end_stream(number, "request", at, trailers_of(fields))
            case Content(number, data, ends):
                yield from self._content(number, "request", data, at)
                if ends:
                    yield from self._end_stream(number, "request", at)
            case StreamReset(number, error):
                if stream := self._streams.get(number):
                    yield from self._cut(
                        stream, at, f"the client cancelled the call ({_name(error)})", "left"
                    )
            case GoAway(_, error):
                self._goaway["client"] = error

    def _request(self, number: int, fields: Fields, at: float) -> Iterator[Event]:
        self._last_stream = number
        if len(self._streams) >= MAX_STREAMS:
            raise Http2Error(f"more than {MAX_STREAMS} streams are open")
        request, invalid = request_of(fields)
        exchange = self._make_exchange(at)
        exchange.request = request
        is_grpc = request.headers.text("content-type").startswith("application/grpc")
        refused = f"not a valid request: {invalid}" if invalid else ""
        stream = self._streams[number] = Stream(number, exchange, is_grpc, [refused] if refused else [])
        self._count_headers(stream, fields)
        if not self._keeps:
            exchange.keep_no_more()
        yield Opened(exchange.freeze(), refused)

    # -- the daemon's frames --

    def _server_part(self, part: Part, at: float) -> Iterator[Event]:
        match part:
            case HeaderBlock(number, fields, ends, pushed=False):
                yield from self._response(number, fields, ends, at)
            case Content(number, data, ends):
                yield from self._content(number, "response", data, at)
                if ends:
                    yield from self._end_stream(number, "response", at)
            case StreamReset(number, error):
                if stream := self._streams.get(number):
                    yield from self._cut(stream, at, f"the daemon ended the call ({_name(error)})")
            case GoAway(last, error):
                self._goaway["daemon"] = error
                reason = f"the daemon did not process the request: it ends the connection ({_name(error)})"
                for stream in [one for number, one in self._streams.items() if number > last]:
                    yield from self._cut(stream, at, reason)

    def _response(self, number: int, fields: Fields, ends: bool, at: float) -> Iterator[Event]:
        stream = self._streams.get(number)
        if stream is None:
            return
        exchange, trailers = stream.exchange, NO_HEADERS
        if exchange.response is not None:
            trailers = trailers_of(fields)
        else:
            response, problem = response_of(fields, exchange.since(at))
            if response.status < 200:
                return  # 100 Continue, 103: the final response is still to come
            exchange.response = response
            self._count_headers(stream, fields)
            stream.problems += [f"the response is not valid: {problem}"] if problem else []
            yield ResponseStarted(exchange.freeze())
        if ends:
            yield from self._end_stream(number, "response", at, trailers)

    # -- both sides' --

    def _content(self, number: int, direction: Direction, data: bytes, at: float) -> Iterator[Event]:
        stream = self._streams.get(number)
        if stream is None or not data or stream.exchange.ended(direction):
            return
        if direction == "response" and stream.exchange.response is None:
            raise Http2Error("HTTP/2 from the daemon: a response begins without its headers")
        before = stream.exchange.cost
        yield stream.exchange.add(direction, data, at)
        self._kept += stream.exchange.cost - before
        if self._keeps and self._kept > MAX_KEPT:
            self._keeps = False
            for one in self._streams.values():
                one.exchange.keep_no_more()

    def _end_stream(
        self, number: int, direction: Direction, at: float, trailers: Headers = NO_HEADERS
    ) -> Iterator[Event]:
        stream = self._streams.get(number)
        if stream is None or stream.exchange.ended(direction):
            return
        yield stream.exchange.end(direction, at, trailers)
        if stream.exchange.done:
            yield Closed(self._close(stream, at, "complete"))

    def _cut(self, stream: Stream, at: float, reason: str, end: End = "cut") -> Iterator[Event]:
        """Close a stream that is not complete for *reason*. If only its request is not, the call has its response."""
        if stream.exchange.ended("response"):
            problems = [] if stream.is_grpc else [RESPONDED_EARLY]
            yield Closed(self._close(stream, at, "complete", *problems))
        else:
            yield Closed(self._close(stream, at, end, reason))

    def _close(self, stream: Stream, at: float, end: End, *problems: str) -> Exchange:
        del self._streams[stream.number]
        self._header_size -= stream.header_size
        self._kept -= stream.exchange.cost
        self._keeps = self._kept <= MAX_KEPT
        return stream.exchange.freeze(end, at, *stream.problems, *problems)

    def _count_headers(self, stream: Stream, fields: Fields) -> None:
        size = sum(len(name) + len(value) for name, value in fields)
        stream.header_size += size
        self._header_size += size
        if self._header_size > MAX_HEADERS:
            raise Http2Error(f"the open calls have more than {MAX_HEADERS} bytes of header fields")

    def _goaway_reason(self, side: str) -> str:
        """Say why *side* announced that it ends the connection, if that was an error."""
        error = self._goaway.get(side, 0)
        return f" ({_name(error)})" if error else ""


def _name(error: int) -> str:
    return ErrorCodes(error).name if error in list(ErrorCodes) else f"error {error}"
