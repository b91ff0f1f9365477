"""HTTP/1 as it is overheard: one reader for one request, one for its answer.

h11 is made for a party that speaks; here nobody speaks, two streams are overheard. So every message gets
readers of its own, and the reader of an answer is told only what it needs to know of the question:
HEAD or not, upgrade or not.

h11 is asked where there is any doubt; what is beyond doubt is read without it (``heads``, ``chunks``).
"""

from collections.abc import Callable, Iterator
from functools import partial

import h11

from apispy.model import Headers, Request, Response
from apispy.tap.chunked import ChunkedReader
from apispy.tap.fast_headers import CHUNKED, SimpleHead, simple_request, simple_response

HEAD_LIMIT = 1 << 20
"""Bytes of an unfinished head, or chunk header, before the tap gives up (Go's own limit is 1 MiB)."""

Part = Request | Response | bytes | Headers
"""What a message is made of: its head; pieces of its body; the trailers, with which it ends."""

MessageEvent = h11.Request | h11.InformationalResponse | h11.Response | h11.Data | h11.EndOfMessage

ONE_CHUNK = b"1\r\nx"
"""Brings h11 to the end of a chunk."""


class MessageReader:
    """Reads one message out of a byte stream. Raises h11.RemoteProtocolError when it is none."""

    def __init__(
        self, simple: Callable[[bytes], SimpleHead | None], careful: Callable[[], h11.Connection]
    ) -> None:
        self._simple = simple
        self._careful = careful  # makes the h11 that decides in doubt
        self._h11: h11.Connection | None = None
        self._head = b""  # once it is read without h11
        self._left = 0  # bytes of the body, if it is known how many
        self._chunks: ChunkedReader | None = None
        self._rest = b""

    def feed(self, data: bytes, at: float) -> Iterator[Part]:
        """Take the next bytes (b"" is the end of the stream); give what they complete. *at*: the time of a head."""
        if self._h11 is not None:
            yield from self._carefully(data, at)
        elif self._head:
            yield from self._body(data, at)
        else:
            yield from self._begin(data, at)

    @property
    def rest(self) -> bytes:
        """Bytes that were fed and do not belong to what was read so far."""
        return self._rest if self._h11 is None else self._h11.trailing_data[0]

    def _begin(self, data: bytes, at: float) -> Iterator[Part]:
        stop = data.find(b"\r\n\r\n")
        head = self._simple(data[:stop]) if stop > 0 else None
        if head is None:
            self._h11 = self._careful()
            yield from self._carefully(data, at)
            return
        self._head = data[: stop + 4]
        yield head.at(at)
        if head.length == CHUNKED:
            self._chunks = ChunkedReader()
        self._left = head.length
        yield from self._body(data[stop + 4 :], at, begins=True)

    def _body(self, data: bytes, at: float, *, begins: bool = False) -> Iterator[Part]:
        if not data and not begins:
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
        elif chunks.puzzled:
            self._h11 = self._careful()
            for known in (self._head, *([ONE_CHUNK] if chunks.begun else [])):
                self._h11.receive_data(known)
                while self._h11.next_event() is not h11.NEED_DATA:
                    pass
            yield from self._carefully(chunks.rest, at)

    def _carefully(self, data: bytes, at: float) -> Iterator[Part]:
        assert self._h11 is not None
        self._h11.receive_data(data)
        while isinstance(
            event := self._h11.next_event(), MessageEvent
        ):  # else NEED_DATA, PAUSED, ConnectionClosed
            yield _part(event, at)


NO_TRAILERS = Headers()


def request_reader() -> MessageReader:
    return MessageReader(
        simple_request, lambda: h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_LIMIT)
    )


def response_reader(request: Request) -> MessageReader:
    """A reader of the answer to *request*."""
    return MessageReader(partial(simple_response, request), partial(_asked, request))


def _asked(request: Request) -> h11.Connection:
    made = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_LIMIT)
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
    """The header fields with the case they had on the wire."""
    pairs = event.headers if not hasattr(event.headers, "raw_items") else event.headers.raw_items()
    return Headers(tuple((bytes(name), bytes(value)) for name, value in pairs))


def tunnel_protocol(question: Request, answer: Response) -> str | None:
    """What the connection speaks after *answer*: "tcp", "h2c", "websocket", "raw"; None while it stays HTTP.

    "raw" is Docker's old hijack, without Upgrade: a 200 to a POST with a stream's content type and no framing
    (moby daemon/server/router/container/container_routes.go, postContainersAttach).
    """
    if answer.status == 101:
        return answer.headers.text("upgrade", "unknown").lower()
    framed = "content-length" in answer.headers or "transfer-encoding" in answer.headers
    content_type = answer.headers.text("content-type")
    stream = content_type.startswith(
        ("application/vnd.docker.raw-stream", "application/vnd.docker.multiplexed-stream")
    )
    if question.method == "POST" and answer.status == 200 and stream and not framed:
        return "raw"
    return None
