"""HTTP/1 readers for observed messages: one for a request, one for its response.

h11 is made for one of the two parties; the tap only observes them. So each message gets a reader of its own, and the
reader of a response gets only the two facts about the request that it depends on: whether it is a HEAD, and whether it
asks for an upgrade.

Everyday heads and chunks are read without h11 (``fast_headers``, ``chunked``). h11 reads the rest.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial

import h11

from apispy.model import Headers, Request, Response
from apispy.tap.chunked import ChunkedReader
from apispy.tap.fast_headers import CHUNKED, SimpleHead, parse_request, parse_response

MAX_HEAD = 1 << 20
"""Bytes of an incomplete head or chunk header at which the tap gives up (Go's own limit is 1 MiB)."""

Part = Request | Response | bytes | Headers
"""A part of a message: its head; a piece of its body; its trailers, with which it ends."""

MessageEvent = h11.Request | h11.InformationalResponse | h11.Response | h11.Data | h11.EndOfMessage

MAX_REFUSED_HEAD = 64 << 10
"""Bytes of the longest invalid head that is read as far as possible; several copies of it are kept."""

REQUEST_LINE = re.compile(rb"([A-Z]+) (\S+)(?: HTTP/([0-9]\.[0-9]))?\r?\n")
FIELD_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\x80-\xff]*)")

ONE_CHUNK = b"1\r\nx"
"""Feeding this after a chunked head brings h11 to the end of a chunk."""


class MessageReader:
    """Reads one message from a byte stream. Raises h11.RemoteProtocolError if the bytes are not a valid message.

    *parse_head* is the fast parser of heads; *make_h11* makes the h11 connection that reads what it does not accept.
    """

    def __init__(
        self, parse_head: Callable[[bytes], SimpleHead | None], make_h11: Callable[[], h11.Connection]
    ) -> None:
        self._parse_head = parse_head
        self._make_h11 = make_h11
        self._h11: h11.Connection | None = None
        self._head = b""  # once it was read without h11
        self._unread_head = b""  # what h11 has got of a head that is not complete
        self._left = 0  # bytes left of a body with a known length
        self._chunks: ChunkedReader | None = None
        self._rest = b""

    def feed(self, data: bytes, at: float) -> Iterator[Part]:
        """Take the next bytes (b"" is the end of the stream), and yield the parts that they complete.

        *at* is the time to give to a head, in seconds since the exchange began.
        """
        if self._h11 is not None:
            yield from self._read_with_h11(data, at)
        elif self._head:
            yield from self._body(data, at)
        else:
            yield from self._begin(data, at)

    @property
    def rest(self) -> bytes:
        """The bytes that were fed after those of the parts so far."""
        return self._rest if self._h11 is None else self._h11.trailing_data[0]

    def refused_request(self, at: float) -> tuple[Request, bytes] | None:
        """Return a request whose head is invalid, as far as it can be read, and the bytes after its head.

        None if it is too long, or not even the request line can be read. *at*: as for ``feed``.
        """
        line = REQUEST_LINE.match(self._unread_head)
        if line is None or len(self._unread_head) > MAX_REFUSED_HEAD:
            return None
        method, target, version = (part.decode("latin-1") for part in line.groups(b"1.1"))
        head, _, rest = self._unread_head[line.end() :].partition(b"\r\n\r\n")
        found = (FIELD_LINE.fullmatch(text) for text in head.split(b"\r\n"))
        fields = tuple((field[1], field[2].rstrip(b" \t")) for field in found if field)
        return Request(method, target, version, Headers(fields), at=at), rest

    def _begin(self, data: bytes, at: float) -> Iterator[Part]:
        stop = data.find(b"\r\n\r\n")
        head = self._parse_head(data[:stop]) if stop > 0 else None
        if head is None:
            self._h11 = self._make_h11()
            yield from self._read_with_h11(data, at)
            return
        self._head = data[: stop + 4]
        yield head.at(at)
        if head.length == CHUNKED:
            self._chunks = ChunkedReader()
        self._left = head.length
        yield from self._body(data[stop + 4 :], at, first=True)

    def _body(self, data: bytes, at: float, *, first: bool = False) -> Iterator[Part]:
        if not data and not first:
            raise h11.RemoteProtocolError("the connection was closed in the middle of a message")
        if self._chunks is not None:
            yield from self._chunked(self._chunks, data, at)
            return
        piece, self._rest = data[: self._left], data[self._left :]
        if piece:
            self._left -= len(piece)
            yield piece
        if not self._left:
            yield NO_TRAILERS

    def _chunked(self, chunks: ChunkedReader, data: bytes, at: float) -> Iterator[Part]:
        yield from chunks.feed(data)
        if chunks.ended:
            self._rest = chunks.rest
            yield NO_TRAILERS
        elif chunks.unsupported:
            self._h11 = self._make_h11()
            for known in (self._head, *([ONE_CHUNK] if chunks.started else [])):
                self._h11.receive_data(known)
                while self._h11.next_event() is not h11.NEED_DATA:
                    pass
            yield from self._read_with_h11(chunks.rest, at)

    def _read_with_h11(self, data: bytes, at: float) -> Iterator[Part]:
        assert self._h11 is not None
        self._unread_head += data if not self._head else b""
        self._h11.receive_data(data)
        while isinstance(
            event := self._h11.next_event(), MessageEvent
        ):  # else NEED_DATA, PAUSED, ConnectionClosed
            self._head, self._unread_head = self._head or b"-", b""
            yield _part(event, at)
            if isinstance(event, h11.EndOfMessage):
                return  # what follows does not belong to this message, and h11 may refuse it


NO_TRAILERS = Headers()


def request_reader() -> MessageReader:
    return MessageReader(
        parse_request, lambda: h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
    )


def response_reader(request: Request) -> MessageReader:
    """Make a reader of the response to *request*."""
    return MessageReader(partial(parse_response, request), partial(_h11_client, request))


def _h11_client(request: Request) -> h11.Connection:
    """Make an h11 client that has sent *request*, as far as the response depends on it."""
    made = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
    upgrade = [("upgrade", "x")] if "upgrade" in request.headers else []
    made.send(h11.Request(method=request.method, target="/", headers=[("host", "x"), *upgrade]))
    made.send(h11.EndOfMessage())
    return made


def _part(event: MessageEvent, at: float) -> Part:
    match event:
        case h11.Data():
            return bytes(event.data)
        case h11.EndOfMessage():
            return _headers(event)
        case h11.Request():
            return Request(
                method=event.method.decode("latin-1"),
                target=event.target.decode("latin-1"),
                version=event.http_version.decode("latin-1"),
                headers=_headers(event),
                at=at,
            )
    return Response(
        status=event.status_code,
        reason=event.reason.decode("latin-1"),
        version=event.http_version.decode("latin-1"),
        headers=_headers(event),
        at=at,
    )


def _headers(event: h11.Request | h11.InformationalResponse | h11.Response | h11.EndOfMessage) -> Headers:
    """Return the header fields with the case that they have on the wire."""
    pairs = event.headers if not hasattr(event.headers, "raw_items") else event.headers.raw_items()
    return Headers(tuple((bytes(name), bytes(value)) for name, value in pairs))


def tunnel_protocol(request: Request, response: Response) -> str | None:
    """Return the protocol of the connection after *response*: "tcp", "h2c", "websocket", "raw"; None if it stays HTTP.

    "raw" is Docker's old hijack, without Upgrade: a 200 to a POST, with the content type of a stream and no framing
    (moby daemon/server/router/container/container_routes.go, postContainersAttach).
    """
    if response.status == 101:
        return response.headers.text("upgrade", "unknown").lower()
    framed = "content-length" in response.headers or "transfer-encoding" in response.headers
    content_type = response.headers.text("content-type")
    stream = content_type.startswith(
        ("application/vnd.docker.raw-stream", "application/vnd.docker.multiplexed-stream")
    )
    if request.method == "POST" and response.status == 200 and stream and not framed:
        return "raw"
    return None
