"""A recorded answer as it is sent again: its head, its pieces with their times, and how its end is told."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from apispy.engine.operation import Call
from apispy.model import Chunk, Exchange, Headers, Request
from apispy.outputs.escaping import escape
from apispy.replay.recorded_calls import RecordedCall
from apispy.replay.substitute import Swap, swapped

Framing = Literal["none", "length", "chunked", "close"]
"""How the end of the body is told: there is none; its length; chunks; the end of the connection."""

Ending = Literal["ends", "breaks", "stays"]
"""What comes after the last piece: the regular end; the connection's, as the daemon did it; nothing, it stays open."""

BODILESS = (204, 304)

END_OF_CHUNKS = b"0\r\n"

NONE = Headers()

CANCELLED = b"context canceled"
"""Stands in what a daemon still says, in a call that stays open, when its client has gone. Nobody is to hear it."""


@dataclass(frozen=True, slots=True)
class RecordedResponse:
    """One HTTP answer. *pieces* are without framing, their times as in the record."""

    status: int
    reason: str
    headers: Headers
    framing: Framing
    ending: Ending
    closes: bool  # the connection ends with it
    pieces: tuple[Chunk, ...] = ()
    trailers: Headers = NONE
    version: str = "1.1"
    ended_at: float = 0.0  # the moment of its end in the record

    @property
    def head(self) -> bytes:
        """With its empty line."""
        line = f"HTTP/{self.version} {self.status} {escape(self.reason)}\r\n".encode("latin-1", "replace")
        return line + _lines(self.headers) + b"\r\n"

    def framed(self, data: bytes) -> bytes:
        """A piece as it goes over the wire."""
        if self.framing == "none" or not data:
            return b""
        return b"%x\r\n%b\r\n" % (len(data), data) if self.framing == "chunked" else data

    @property
    def script(self) -> Iterator[tuple[float, bytes]]:
        """What follows the head, each with its moment in the record."""
        for piece in self.pieces:
            yield piece.at, self.framed(piece.data)
        if self.ending == "ends":
            yield self.ended_at, self.end

    @property
    def end(self) -> bytes:
        return END_OF_CHUNKS + _lines(self.trailers) + b"\r\n" if self.framing == "chunked" else b""


def response_of(entry: RecordedCall, request: Request, swap: Swap | None) -> RecordedResponse:
    """The recorded answer of an exchange without a tunnel, to be given to the live *request*."""
    exchange = entry.exchange
    response = exchange.response
    assert response is not None
    format = "json" if response.status >= 400 else entry.call.operation.response
    pieces = swapped(response.body.chunks, format, swap)
    ending, framing = _ending(entry), _framing(exchange, request)
    if ending == "stays":
        pieces = tuple(piece for piece in pieces if CANCELLED not in piece.data)
    closes = framing == "close" or ending != "ends" or wants_close(request) or _says_close(response.headers)
    grown = sum(len(piece.data) for piece in pieces) - response.body.kept
    fields = list(_fields(exchange, framing, grown, swap, closes=closes))
    version = "1.0" if request.version == "1.0" else "1.1"
    return RecordedResponse(response.status, response.reason, Headers(tuple(fields)), framing, ending, closes, pieces,
                  response.body.trailers, version, response.body.ended_at or 0.0)  # fmt: skip


def message(
    status: int, reason: str, text: bytes, media_type: str, request: Request | None
) -> RecordedResponse:
    """An answer of our own. *request* None: there is none that could be read, and the connection ends."""
    bodiless = request is not None and request.method == "HEAD"
    closes = (
        request is None or request.version == "1.0" or "close" in request.headers.text("connection").lower()
    )
    fields = [(b"Content-Type", media_type.encode()), (b"Content-Length", str(len(text)).encode())]
    if closes:
        fields.append((b"Connection", b"close"))
    pieces = () if bodiless else (Chunk(0.0, text),)
    return RecordedResponse(status, reason, Headers(tuple(fields)), "length", "ends", closes, pieces)


def _ending(entry: RecordedCall) -> Ending:
    exchange, call = entry.exchange, entry.call
    assert exchange.response is not None
    if call.stays_open and (CANCELLED in exchange.response.body.data or endless(call)):
        return "stays"
    if exchange.response.body.ended_at is not None or exchange.request.method == "HEAD":
        return "ends"
    return "breaks" if daemon_left(exchange) else "stays"


def endless(call: Call) -> bool:
    """Whether a daemon never ends the answer by itself, only when its client has gone."""
    return call.operation.id == "SystemEvents" and not call.value("until")


def daemon_left(exchange: Exchange) -> bool:
    """Whether the record says that the daemon broke off; else the client did, or the record ended before the call."""
    return any("daemon closed" in problem for problem in exchange.problems)


def wants_close(request: Request) -> bool:
    """Whether the client says that it will ask no more on this connection."""
    return request.version == "1.0" or _says_close(request.headers)


def _says_close(headers: Headers) -> bool:
    return "close" in headers.text("connection").lower()


def _framing(exchange: Exchange, request: Request) -> Framing:
    response = exchange.response
    assert response is not None
    if request.method == "HEAD" or response.status in BODILESS:
        return "none"
    if "chunked" in response.headers.text("transfer-encoding").lower():
        return "close" if request.version == "1.0" else "chunked"
    if "content-length" in response.headers:
        return "length"
    return "close" if response.body.ended_at is None or _ended_with_connection(exchange) else "length"


def _ended_with_connection(exchange: Exchange) -> bool:
    """Whether an answer without framing had none on the wire either. A fixture may have lost its Content-Length."""
    response = exchange.response
    assert response is not None
    refused_hijack = response.headers.text("content-type").startswith("application/vnd.docker.raw-stream")
    return refused_hijack or wants_close(exchange.request) or _says_close(response.headers)


def _fields(
    exchange: Exchange, framing: Framing, grown: int, swap: Swap | None, *, closes: bool
) -> Iterator[tuple[bytes, bytes]]:
    """The headers, each in its place. *grown*: how much longer the body is than in the record."""
    response, told = exchange.response, set()
    assert response is not None
    for field, value in response.headers:
        name = field.decode("latin-1").lower()
        if name == "content-length":
            value = _length(exchange, framing, grown)
        if value and not (name == "transfer-encoding" and framing != "chunked"):
            told.add(name)
            yield field, swap(value) if swap else value
    if framing == "length" and "content-length" not in told:
        yield b"Content-Length", _length(exchange, framing, grown)
    if (
        closes
        and framing in ("length", "chunked")
        and not {"connection"} & told
        and exchange.request.version != "1.0"
    ):
        yield b"Connection", b"close"


def _length(exchange: Exchange, framing: Framing, grown: int) -> bytes:
    """The value of Content-Length; b"" if there is none."""
    response = exchange.response
    assert response is not None
    told = response.headers.text("content-length").strip()
    if framing == "none":  # of HEAD: what a GET would have
        return told.encode() if told.isdigit() else b""
    if framing != "length":
        return b""
    length = int(told[:18]) if told.isdigit() and response.body.ended_at is None else response.body.kept
    return str(length + grown).encode()


def _lines(headers: Headers) -> bytes:
    return b"".join(b"%b: %b\r\n" % (name, value) for name, value in headers if _sendable(name + value))


def _sendable(text: bytes) -> bool:
    """A record is hostile input: no header of it may begin another line."""
    return not any(byte in b"\r\n\0" for byte in text)
