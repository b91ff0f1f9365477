"""One exchange while it is under way: the mutable twin of model.Exchange."""

from apispy.model import Body, Chunk, Direction, End, Exchange, Headers, Request, Response, Tunnel
from apispy.tap import http1
from apispy.tap.events import Data, StreamEnded
from apispy.tap.stream import KeptStream

NONE = Headers()
NOTHING = Body()


class OpenExchange:
    """Collects what the two sides say, until it is frozen."""

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
        self.protocol: str | None = None  # of the tunnel, once there is one
        self.request_reader = http1.request_reader()
        self.response_reader: http1.MessageReader | None = None
        self._connection, self._client, self._upstream = connection, client, upstream
        self._limit, self._digests = limit, digests
        self._streams: dict[Direction, KeptStream] = {}

    def since(self, at: float) -> float:
        """*at*, a Unix time, in seconds since the exchange began; to the microsecond, as clocks tell it."""
        return round(at - self.started, 6)

    def stream(self, direction: Direction) -> KeptStream:
        if direction not in self._streams:
            self._streams[direction] = KeptStream(self._limit, digest=self._digests)
        return self._streams[direction]

    def _body(self, direction: Direction) -> Body:
        stream = self._streams.get(direction)
        return stream.freeze() if stream is not None else NOTHING

    def ended(self, direction: Direction) -> bool:
        stream = self._streams.get(direction)
        return stream is not None and stream.ended_at is not None

    def add(self, direction: Direction, data: bytes, at: float) -> Data:
        chunk = Chunk(self.since(at), data)
        return Data(self.number, direction, self.stream(direction).add(chunk), chunk)

    def end(self, direction: Direction, at: float, trailers: Headers = NONE) -> StreamEnded:
        stream = self.stream(direction)
        stream.ended_at = self.since(at)
        stream.trailers = trailers
        return StreamEnded(self.number, direction, stream.ended_at)

    @property
    def done(self) -> bool:
        """Both sides have said all that belongs to this exchange."""
        if self.protocol is not None:
            return self.ended("to_server") and self.ended("to_client")
        return self.ended("request") and self.ended("response")

    @property
    def may_be_followed(self) -> bool:
        """What the client sends next is another request, though this one has no answer: not a body, not early stdin.

        Nobody may send a request behind one that changes something before its answer (RFC 9112, 9.3.2).
        """
        request = self.request
        if request is None or self.protocol is not None or not self.ended("request"):
            return False
        return request.method in ("GET", "HEAD") and "upgrade" not in request.headers

    def freeze(self, end: End = "open", at: float | None = None, *problems: str) -> Exchange:
        assert self.request is not None, "frozen before its head was read"
        asked, answered = self.request, self.response
        body = self._body("request")
        request = Request(asked.method, asked.target, asked.version, asked.headers, body, asked.at)
        response = None
        if answered is not None:
            body = self._body("response")
            response = Response(
                answered.status, answered.reason, answered.version, answered.headers, body, answered.at
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
