"""HTTP/1 as h11 reads it: one reader for one request, one for its answer.

h11 is made for a party that speaks; here nobody speaks, two streams are overheard. So every message gets
readers of its own, and the reader of an answer is told only what it needs to know of the question:
HEAD or not, upgrade or not.
"""

from collections.abc import Iterator

import h11

from apispy.model import Headers, Request, Response

HEAD_LIMIT = 1 << 20
"""Bytes of an unfinished head, or chunk header, before the tap gives up (Go's own limit is 1 MiB)."""

MessageEvent = h11.Request | h11.InformationalResponse | h11.Response | h11.Data | h11.EndOfMessage


class MessageReader:
    """Reads one message out of a byte stream. Raises h11.RemoteProtocolError when it is none."""

    def __init__(self, role: type[h11.CLIENT] | type[h11.SERVER]) -> None:
        self._h11 = h11.Connection(role, max_incomplete_event_size=HEAD_LIMIT)

    def feed(self, data: bytes) -> Iterator[MessageEvent]:
        """Take the next bytes (b"" is the end of the stream); give what they complete."""
        self._h11.receive_data(data)
        while True:
            event = self._h11.next_event()
            if isinstance(event, MessageEvent):
                yield event
            else:  # NEED_DATA, PAUSED, ConnectionClosed
                return

    @property
    def rest(self) -> bytes:
        """Bytes that were fed and do not belong to what was read so far."""
        return self._h11.trailing_data[0]


def request_reader() -> MessageReader:
    return MessageReader(h11.SERVER)


def response_reader(request: Request) -> MessageReader:
    """A reader of the answer to *request*."""
    reader = MessageReader(h11.CLIENT)
    upgrade = [("upgrade", "x")] if "upgrade" in request.headers else []
    question = h11.Request(method=request.method, target="/", headers=[("host", "x"), *upgrade])
    reader._h11.send(question)
    reader._h11.send(h11.EndOfMessage())
    return reader


def headers(event: h11.Request | h11.InformationalResponse | h11.Response | h11.EndOfMessage) -> Headers:
    """The header fields with the case they had on the wire."""
    pairs = event.headers if not hasattr(event.headers, "raw_items") else event.headers.raw_items()
    return Headers(tuple((bytes(name), bytes(value)) for name, value in pairs))


def request(event: h11.Request, at: float) -> Request:
    return Request(
        method=event.method.decode("latin-1"),
        target=event.target.decode("latin-1"),
        version=event.http_version.decode("latin-1"),
        headers=headers(event),
        at=at,
    )


def response(event: h11.Response | h11.InformationalResponse, at: float) -> Response:
    return Response(
        status=event.status_code,
        reason=event.reason.decode("latin-1"),
        version=event.http_version.decode("latin-1"),
        headers=headers(event),
        at=at,
    )


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
