"""Reconstructs the bytes of an exchange on the wire: heads with their order and case, bodies with their framing.

Decoding removed the framing of a body. It is restored as the head announces it: each kept piece as one chunk, or the
body as a whole. The Content-Length of a complete body is set to the number of bytes kept, because a body that was
truncated, withheld or redacted may have had another length.
Messages of HTTP/2 are written as HTTP/1.1 would have them; a body of unknown length is chunked.
"""

from collections.abc import Iterator

from apispy.http2 import PREFACE
from apispy.model import Body, Exchange, Headers

HTTP2 = "2"

Piece = tuple[float, bool, bytes]
"""(seconds since the exchange began, whether the client sent it, the bytes; empty bytes: that side closes)"""


def pieces(exchange: Exchange) -> list[Piece]:
    """Return all bytes of an exchange in both directions, ordered by time."""
    messages = [piece for piece in (*_request(exchange), *_response(exchange)) if piece[2]]
    return sorted([*messages, *_tunnel(exchange), *_ends(exchange)], key=lambda piece: piece[0])


def _tunnel(exchange: Exchange) -> Iterator[Piece]:
    tunnel = exchange.tunnel
    if tunnel is None:
        return
    for body, by_client in ((tunnel.to_server, True), (tunnel.to_client, False)):
        yield from ((chunk.at, by_client, chunk.data) for chunk in body.chunks if chunk.data)
        if body.ended_at is not None:
            yield body.ended_at, by_client, b""


def _ends(exchange: Exchange) -> Iterator[Piece]:
    """Yield both closes of the connection if it ends a tunnel, or a response without other framing."""
    response = exchange.response
    if response is None or exchange.end != "complete":
        return
    chunked = _chunked(response.headers) or response.version == HTTP2
    framed = "content-length" in response.headers or chunked or _has_no_body(exchange)
    if exchange.tunnel is not None or not framed:
        yield exchange.duration, False, b""
        yield exchange.duration, True, b""


def _request(exchange: Exchange) -> Iterator[Piece]:
    request = exchange.request
    if request.method == "PRI":
        yield 0.0, True, PREFACE
        return
    line = f"{request.method} {request.target} HTTP/{_version(request.version)}"
    has_body = bool(request.body.size or request.body.trailers)
    headers = _with_framing(request.headers) if request.version == HTTP2 and has_body else request.headers
    yield 0.0, True, _head(line, headers, request.body)
    for at, data in _framed(headers, request.body, 0.0):
        yield at, True, data


def _response(exchange: Exchange) -> Iterator[Piece]:
    response = exchange.response
    if response is None:
        return
    line = f"HTTP/{_version(response.version)} {response.status} {response.reason}"
    if _has_no_body(exchange):
        yield response.at, False, _head(line, response.headers, None)
        return
    headers = _with_framing(response.headers) if response.version == HTTP2 else response.headers
    yield response.at, False, _head(line, headers, response.body)
    for at, data in _framed(headers, response.body, response.at):
        yield at, False, data


def _with_framing(headers: Headers) -> Headers:
    """Add what HTTP/1.1 needs to tell where a body ends."""
    if "content-length" in headers:
        return headers
    return Headers((*headers, (b"transfer-encoding", b"chunked")))


def _version(version: str) -> str:
    return version if version in ("1.0", "1.1") else "1.1"


def _has_no_body(exchange: Exchange) -> bool:
    """Whether the response has no body, whatever its head says (RFC 9112, 6.3)."""
    response = exchange.response
    return response is not None and (
        exchange.request.method == "HEAD" or response.status < 200 or response.status in (204, 304)
    )


def _chunked(headers: Headers) -> bool:
    return "chunked" in headers.text("transfer-encoding").lower()


def _head(line: str, headers: Headers, body: Body | None) -> bytes:
    fields = [
        (name, b"%d" % body.kept if body and _is_length(name, headers, body) else value)
        for name, value in headers
    ]
    rest = b"".join(b"%b: %b\r\n" % field for field in fields)
    return line.encode("latin-1", "replace") + b"\r\n" + rest + b"\r\n"


def _is_length(name: bytes, headers: Headers, body: Body) -> bool:
    """Whether *name* is an effective Content-Length of a complete body."""
    return name.lower() == b"content-length" and body.ended_at is not None and not _chunked(headers)


def _framed(headers: Headers, body: Body, start: float) -> Iterator[tuple[float, bytes]]:
    """Yield the pieces of a body with their transfer coding, none earlier than *start*."""
    chunked = _chunked(headers)
    for chunk in body.chunks:
        if chunk.data:
            data = b"%x\r\n%b\r\n" % (len(chunk.data), chunk.data) if chunked else chunk.data
            yield max(start, chunk.at), data
    if chunked and body.ended_at is not None:
        trailers = b"".join(b"%b: %b\r\n" % field for field in body.trailers)
        yield max(start, body.ended_at), b"0\r\n" + trailers + b"\r\n"
