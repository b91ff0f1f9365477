"""An exchange that is not over yet, and its streams: the mutable counterparts of model.Exchange and model.Body."""

import hashlib
from collections.abc import Callable

from apispy.model import Body, Chunk, Direction, End, Exchange, Headers, Request, Response, Tunnel
from apispy.tap import http1
from apispy.tap.events import Data, StreamEnded

CHUNK_COST = 64
"""Bytes that a kept chunk counts for besides its data, so that a flood of tiny chunks is bounded too."""

NO_HEADERS = Headers()
EMPTY_BODY = Body()


class KeptStream:
    """One byte stream: keeps the first *limit* bytes with their chunk boundaries and times, and counts the rest.

    With *digest*, a stream that passes the limit also gets a SHA-256 of all its bytes. A stream that is kept in full
    needs no digest.
    """

    def __init__(self, limit: int, *, digest: bool = False) -> None:
        self.size = 0
        self.cost = 0  # bytes of memory for what is kept
        self.ended_at: float | None = None
        self.trailers = Headers()
        self._left = limit
        self._chunks: list[Chunk] = []
        self._digest = digest
        self._hash: hashlib._Hash | None = None

    def add(self, chunk: Chunk) -> int:
        """Add a chunk, and return its offset in the stream."""
        offset = self.size
        self.size += len(chunk.data)
        kept = chunk.data[: max(0, self._left)]
        if self._digest and len(kept) < len(chunk.data):
            self._update_hash(chunk.data)
        if self._left > 0:
            self._chunks.append(chunk if len(kept) == len(chunk.data) else Chunk(chunk.at, kept))
            self._left -= len(kept) + CHUNK_COST
            self.cost += len(kept) + CHUNK_COST
        return offset

    def keep_no_more(self) -> None:
        """Only count the bytes from here on."""
        self._left = 0

    def freeze(self) -> Body:
        digest = self._hash.hexdigest() if self._hash else ""
        return Body(tuple(self._chunks), self.size, self.trailers, self.ended_at, digest=digest)

    def _update_hash(self, data: bytes) -> None:
        if self._hash is None:
            self._hash = hashlib.sha256(b"".join(chunk.data for chunk in self._chunks))
        self._hash.update(data)


class OpenExchange:
    """Collects both sides of an exchange; ``freeze`` returns a model.Exchange of its present state.

    *at* is the Unix time at which it began; *limit* and *digests* apply to each of its streams, see KeptStream.
    """

    def __init__(
        self,
        number: int,
        connection: int,
        client: str,
        upstream: str,
        at: float,
        limit: int,
        *,
        digests: bool = False,
    ) -> None:
        self.number = number
        self.started = at
        self.request: Request | None = None
        self.response: Response | None = None
        self.protocol: str | None = None  # of the tunnel; None while the connection is HTTP
        self.request_reader = http1.request_reader()
        self.response_reader: http1.MessageReader | None = None
        self._connection, self._client, self._upstream = connection, client, upstream
        self._limit, self._digests = limit, digests
        self._streams: dict[Direction, KeptStream] = {}

    def since(self, at: float) -> float:
        """Convert *at*, a Unix time, to seconds since the exchange began, rounded to the clock's microseconds."""
        return round((at - self.started) * 1e6) / 1e6  # in a third of the time of round(..., 6)

    def stream(self, direction: Direction) -> KeptStream:
        if direction not in self._streams:
            self._streams[direction] = KeptStream(self._limit, digest=self._digests)
        return self._streams[direction]

    def _body(self, direction: Direction) -> Body:
        stream = self._streams.get(direction)
        return stream.freeze() if stream is not None else EMPTY_BODY

    @property
    def cost(self) -> int:
        """Bytes of memory for what its streams keep."""
        return sum(stream.cost for stream in self._streams.values())

    def keep_no_more(self) -> None:
        """Only count the bytes of all streams from here on."""
        self._limit = 0
        for stream in self._streams.values():
            stream.keep_no_more()

    def ended(self, direction: Direction) -> bool:
        stream = self._streams.get(direction)
        return stream is not None and stream.ended_at is not None

    def add(self, direction: Direction, data: bytes, at: float) -> Data:
        chunk = Chunk(self.since(at), data)
        return Data(self.number, direction, self.stream(direction).add(chunk), chunk)

    def end(self, direction: Direction, at: float, trailers: Headers = NO_HEADERS) -> StreamEnded:
        stream = self.stream(direction)
        stream.ended_at = self.since(at)
        stream.trailers = trailers
        return StreamEnded(self.number, direction, stream.ended_at)

    @property
    def done(self) -> bool:
        """Whether both sides have sent everything that belongs to this exchange."""
        if self.protocol is not None:
            return self.ended("to_server") and self.ended("to_client")
        return self.ended("request") and self.ended("response")

    @property
    def may_be_followed(self) -> bool:
        """Whether the client's next bytes are another request, although this one has no response yet.

        Otherwise they are a body or early stdin. A client must not pipeline requests after one that changes something
        before it has the response to that one (RFC 9112, 9.3.2).
        """
        request = self.request
        if request is None or self.protocol is not None or not self.ended("request"):
            return False
        return request.method in ("GET", "HEAD") and "upgrade" not in request.headers

    def freeze(self, end: End = "open", at: float | None = None, *problems: str) -> Exchange:
        assert self.request is not None, "frozen before the request's head was complete"
        head, response_head = self.request, self.response
        body = self._body("request")
        request = Request(head.method, head.target, head.version, head.headers, body, head.at)
        response = None
        if response_head is not None:
            response = Response(
                response_head.status,
                response_head.reason,
                response_head.version,
                response_head.headers,
                self._body("response"),
                response_head.at,
            )
        tunnel = None
        if self.protocol is not None:
            tunnel = Tunnel(self.protocol, self._body("to_server"), self._body("to_client"))
        return Exchange(
            id=self.number,
            connection=self._connection,
            started=self.started,
            client=self._client,
            upstream=self._upstream,
            request=request,
            response=response,
            tunnel=tunnel,
            end=end,
            duration=self.since(at) if at is not None else 0.0,
            problems=problems,
        )


MakeExchange = Callable[[float], OpenExchange]
"""Makes an exchange that begins at a Unix time."""
