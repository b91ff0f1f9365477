"""A recorded answer as it is sent again: its head, its pieces with their times, and how its end is told."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from apispy.model import Chunk, Exchange, Headers, Request
from apispy.replay.entries import Entry
from apispy.replay.substitute import Swap, swapped

Framing = Literal["none", "length", "chunked", "close"]
"""How the end of the body is told: there is none; its length; chunks; the end of the connection."""

Ending = Literal["ends", "breaks", "stays"]
"""What comes after the last piece: the regular end; the connection's, as the daemon did it; nothing, it stays open."""

BODILESS = (204, 304)

PER_CONNECTION = ("connection", "keep-alive", "transfer-encoding", "content-length")
"""Headers that are made anew: they are about this connection, or this body."""

END_OF_CHUNKS = b"0\r\n"

NONE = Headers()


@dataclass(frozen=True, slots=True)
class Answer:
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

    @property
    def head(self) -> bytes:
        """With its empty line."""
        line = f"HTTP/{self.version} {self.status} {self.reason}\r\n".encode("latin-1", "replace")
        return line + _lines(self.headers) + b"\r\n"

    def framed(self, data: bytes) -> bytes:
        """A piece as it goes over the wire."""
        if self.framing == "none" or not data:
            return b""
        return b"%x\r\n%b\r\n" % (len(data), data) if self.framing == "chunked" else data

    @property
    def end(self) -> bytes:
        return END_OF_CHUNKS + _lines(self.trailers) + b"\r\n" if self.framing == "chunked" else b""


def answer_of(entry: Entry, request: Request, swap: Swap | None) -> Answer:
    """The recorded answer of an exchange without a tunnel, to be given to the live *request*."""
    exchange = entry.exchange
    response = exchange.response
    assert response is not None
    format = "json" if response.status >= 400 else entry.call.operation.response
    pieces = swapped(response.body.chunks, format, swap)
    ending = _ending(exchange)
    framing = _framing(exchange, request)
    old_keeps = request.version == "1.0" or "close" in request.headers.text("connection").lower()
    closes = old_keeps or framing == "close" or ending != "ends"
    fields = [(name, swap(value) if swap else value) for name, value in response.headers
              if name.decode("latin-1").lower() not in PER_CONNECTION]  # fmt: skip
    fields += _length(exchange, framing, sum(len(piece.data) for piece in pieces) - response.body.kept)
    if closes:
        fields.append((b"Connection", b"close"))
    version = "1.0" if request.version == "1.0" else "1.1"
    return Answer(response.status, response.reason, Headers(tuple(fields)), framing, ending, closes, pieces,
                  response.body.trailers, version)  # fmt: skip


def message(status: int, reason: str, text: bytes, media_type: str, request: Request | None) -> Answer:
    """An answer of our own. *request* None: there is none that could be read, and the connection ends."""
    bodiless = request is not None and request.method == "HEAD"
    closes = (
        request is None or request.version == "1.0" or "close" in request.headers.text("connection").lower()
    )
    fields = [(b"Content-Type", media_type.encode()), (b"Content-Length", str(len(text)).encode())]
    if closes:
        fields.append((b"Connection", b"close"))
    pieces = () if bodiless else (Chunk(0.0, text),)
    return Answer(status, reason, Headers(tuple(fields)), "length", "ends", closes, pieces)


def _ending(exchange: Exchange) -> Ending:
    assert exchange.response is not None
    if exchange.response.body.ended_at is not None or exchange.request.method == "HEAD":
        return "ends"
    return "breaks" if daemon_left(exchange) else "stays"


def daemon_left(exchange: Exchange) -> bool:
    """Whether the record says that the daemon broke off; else the client did, or the record ended before the call."""
    return any("daemon closed" in problem for problem in exchange.problems)


def _framing(exchange: Exchange, request: Request) -> Framing:
    response = exchange.response
    assert response is not None
    if request.method == "HEAD" or response.status in BODILESS:
        return "none"
    if "chunked" in response.headers.text("transfer-encoding").lower():
        return "close" if request.version == "1.0" else "chunked"
    if "content-length" in response.headers or response.body.ended_at is not None:
        return "length"
    return "close"


def _length(exchange: Exchange, framing: Framing, grown: int) -> Iterable[tuple[bytes, bytes]]:
    """The header that tells the body's framing. *grown*: how much longer it is than in the record."""
    response = exchange.response
    assert response is not None
    if framing == "chunked":
        return [(b"Transfer-Encoding", b"chunked")]
    told = response.headers.text("content-length").strip()
    if framing == "none":  # of HEAD: what a GET would have
        return [(b"Content-Length", told.encode())] if told.isdigit() else []
    if framing == "close":
        return []
    length = int(told[:18]) if told.isdigit() and response.body.ended_at is None else response.body.kept
    return [(b"Content-Length", str(length + grown).encode())]


def _lines(headers: Headers) -> bytes:
    return b"".join(b"%b: %b\r\n" % (name, value) for name, value in headers if _sendable(name + value))


def _sendable(text: bytes) -> bool:
    """A record is hostile input: no header of it may begin another line."""
    return not any(byte in b"\r\n\0" for byte in text)
