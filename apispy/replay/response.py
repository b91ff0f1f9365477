"""Responses of a replay: a recorded one with its chunks, times and framing, and apispy's own errors."""

import json
from collections.abc import Iterator
from typing import Literal

from apispy.engine.operation import Call
from apispy.engine.versions import parse
from apispy.model import Chunk, Exchange, Headers, Request
from apispy.outputs.escaping import escape
from apispy.replay.miss import Miss
from apispy.replay.options import OnMiss
from apispy.replay.recorded_calls import RecordedCall
from apispy.replay.substitute import Substitution, substitute
from apispy.structs import Struct
from apispy.tap import DAEMON_RESET

Framing = Literal["none", "length", "chunked", "close"]
"""How the end of the body is marked: there is no body; Content-Length; chunks; the end of the connection."""

Ending = Literal["complete", "abort", "open"]
"""After the last chunk: the regular end; the connection ends, as the daemon ended it; the connection stays open."""

HOP_BY_HOP = frozenset((b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"))
"""Header fields that HTTP/2 does not have (RFC 9113, section 8.2.2)."""

STATUSES_WITHOUT_BODY = (204, 304)

LAST_CHUNK = b"0\r\n"

NO_HEADERS = Headers()

CANCELLED = b"context canceled"
"""In a streaming call, part of what a daemon sends after its client has disconnected. It is not played."""

MISS_STATUSES = {"fail": (501, "Not Implemented"), "404": (404, "Not Found"), "forward": (502, "Bad Gateway")}
"""The status of a miss, by --on-miss; for ``forward`` when forwarding failed."""

JSON_ERRORS_SINCE = (1, 24)
"""The API version from which on errors are JSON; before, they are plain text."""


class PlayedResponse(Struct, frozen=True):
    """One HTTP response, as a replay sends it."""

    status: int
    reason: str
    headers: Headers
    framing: Framing
    ending: Ending
    closes: bool  # the connection ends with it
    chunks: tuple[Chunk, ...] = ()  # without framing, at their recorded times
    trailers: Headers = NO_HEADERS
    version: str = "1.1"
    ended_at: float = 0.0  # the recorded time of its end

    @property
    def head(self) -> bytes:
        """Status line, headers and the empty line."""
        line = f"HTTP/{self.version} {self.status} {escape(self.reason)}\r\n".encode("latin-1", "replace")
        return line + _header_lines(self.headers) + b"\r\n"

    def framed(self, data: bytes) -> bytes:
        """*data* as it is sent."""
        if self.framing == "none" or not data:
            return b""
        return b"%x\r\n%b\r\n" % (len(data), data) if self.framing == "chunked" else data

    @property
    def timed_data(self) -> Iterator[tuple[float, bytes]]:
        """The bytes after the head, each piece with its recorded time."""
        for chunk in self.chunks:
            yield chunk.at, self.framed(chunk.data)
        if self.ending == "complete":
            yield self.ended_at, self.end

    @property
    def end(self) -> bytes:
        """The bytes that end the body: the last chunk and the trailers."""
        return LAST_CHUNK + _header_lines(self.trailers) + b"\r\n" if self.framing == "chunked" else b""


def recorded_response(
    recorded: RecordedCall, request: Request, substitution: Substitution | None
) -> PlayedResponse:
    """The response of a call without a tunnel, for the live *request*."""
    exchange = recorded.exchange
    response = exchange.response
    assert response is not None
    format = "json" if response.status >= 400 else recorded.call.operation.response
    chunks = substitute(response.body.chunks, format, substitution)
    ending, framing = _ending(recorded), _framing(exchange, request)
    if ending == "open":
        chunks = tuple(chunk for chunk in chunks if CANCELLED not in chunk.data)
    closes = (
        framing == "close"
        or ending != "complete"
        or _wants_close(request)
        or _announces_close(response.headers)
    )
    added = sum(len(chunk.data) for chunk in chunks) - response.body.kept
    fields = tuple(_fields(exchange, framing, added, substitution, closes=closes))
    version = "1.0" if request.version == "1.0" else "1.1"
    return PlayedResponse(response.status, response.reason, Headers(fields), framing, ending, closes, chunks,
                          response.body.trailers, version, response.body.ended_at or 0.0)  # fmt: skip


def miss_response(miss: Miss, request: Request, on_miss: OnMiss) -> PlayedResponse:
    """An error that explains *miss*, in the form that a daemon uses in the request's API version."""
    status, reason = MISS_STATUSES[on_miss]
    version = parse(miss.live.call.version or "")
    if version is not None and version < JSON_ERRORS_SINCE:
        text = f"{miss.message}\n".encode("utf-8", "backslashreplace")
        return _short_response(status, reason, text, "text/plain; charset=utf-8", request)
    text = json.dumps({"message": miss.message}).encode() + b"\n"
    return _short_response(status, reason, text, "application/json", request)


def _short_response(
    status: int, reason: str, text: bytes, media_type: str, request: Request | None
) -> PlayedResponse:
    """A response of apispy's own. *request* None: the request was unreadable, and the connection ends."""
    has_body = request is None or request.method != "HEAD"
    closes = request is None or _wants_close(request)
    fields = [(b"Content-Type", media_type.encode()), (b"Content-Length", str(len(text)).encode())]
    if closes:
        fields.append((b"Connection", b"close"))
    chunks = (Chunk(0.0, text),) if has_body else ()
    return PlayedResponse(status, reason, Headers(tuple(fields)), "length", "complete", closes, chunks)


BAD_REQUEST = _short_response(400, "Bad Request", b"400 Bad Request", "text/plain; charset=utf-8", None)
"""The response of Go's server to bytes that are not a request."""


def daemon_disconnected(exchange: Exchange) -> bool:
    """Whether the daemon ended the recorded connection early; else the client did, or the recording ended."""
    return any(problem.startswith(("the daemon closed", DAEMON_RESET)) for problem in exchange.problems)


def _ending(recorded: RecordedCall) -> Ending:
    exchange, call = recorded.exchange, recorded.call
    assert exchange.response is not None
    if call.stays_open and (CANCELLED in exchange.response.body.data or _is_endless(call)):
        return "open"
    if exchange.response.body.ended_at is not None or exchange.request.method == "HEAD":
        return "complete"
    return "abort" if daemon_disconnected(exchange) else "open"


def _is_endless(call: Call) -> bool:
    """Whether a daemon ends the response only when its client disconnects."""
    return call.operation.id == "SystemEvents" and not call.value("until")


def _wants_close(request: Request) -> bool:
    """Whether the client will send no more requests on this connection."""
    return request.version == "1.0" or _announces_close(request.headers)


def _announces_close(headers: Headers) -> bool:
    return "close" in headers.text("connection").lower()


def _framing(exchange: Exchange, request: Request) -> Framing:
    response = exchange.response
    assert response is not None
    if request.method == "HEAD" or response.status in STATUSES_WITHOUT_BODY:
        return "none"
    if "chunked" in response.headers.text("transfer-encoding").lower():
        return "close" if request.version == "1.0" else "chunked"
    if "content-length" in response.headers:
        return "length"
    return "close" if response.body.ended_at is None or _ended_with_connection(exchange) else "length"


def _ended_with_connection(exchange: Exchange) -> bool:
    """Whether a response without framing had none on the wire either. A fixture may have lost its Content-Length."""
    response = exchange.response
    assert response is not None
    refused_hijack = response.headers.text("content-type").startswith("application/vnd.docker.raw-stream")
    return refused_hijack or _wants_close(exchange.request) or _announces_close(response.headers)


def _fields(
    exchange: Exchange, framing: Framing, added: int, substitution: Substitution | None, *, closes: bool
) -> Iterator[tuple[bytes, bytes]]:
    """The headers in recorded order. *added*: bytes by which the body is longer than the recorded one."""
    response, sent = exchange.response, set()
    assert response is not None
    for field, value in response.headers:
        name = field.decode("latin-1").lower()
        if name == "content-length":
            value = _content_length(exchange, framing, added)
        if value and not (name == "transfer-encoding" and framing != "chunked"):
            sent.add(name)
            yield field, substitution(value) if substitution else value
    if framing == "length" and "content-length" not in sent:
        yield b"Content-Length", _content_length(exchange, framing, added)
    if (
        closes
        and framing in ("length", "chunked")
        and not {"connection"} & sent
        and exchange.request.version != "1.0"
    ):
        yield b"Connection", b"close"


def _content_length(exchange: Exchange, framing: Framing, added: int) -> bytes:
    """The value of Content-Length; b"" if the response has none."""
    response = exchange.response
    assert response is not None
    recorded = response.headers.text("content-length").strip()
    if framing == "none":  # a response to HEAD has the length that a GET would have
        return recorded.encode() if recorded.isdigit() else b""
    if framing != "length":
        return b""
    known = recorded.isdigit() and response.body.ended_at is None
    length = int(recorded[:18]) if known else response.body.kept
    return str(length + added).encode()


def _header_lines(headers: Headers) -> bytes:
    return b"".join(b"%b: %b\r\n" % field for field in one_line_fields(headers))


def http2_fields(headers: Headers) -> Iterator[tuple[bytes, bytes]]:
    """The headers as fields of HTTP/2, without those that it does not have."""
    for name, value in one_line_fields(headers):
        if name.lower() not in HOP_BY_HOP:
            yield name.lower(), value


def one_line_fields(headers: Headers) -> Iterator[tuple[bytes, bytes]]:
    """The headers that start no other line: a recording is hostile input."""
    return (field for field in headers if not any(byte in b"\r\n\0" for byte in field[0] + field[1]))
