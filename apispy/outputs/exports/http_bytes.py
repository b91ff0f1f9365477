"""The bytes of an exchange, as they may have stood on the wire: heads in their order and case, bodies framed again.

The framing of a body was taken off when it was read. It is put back as the head announces it: every kept piece as one
chunk, or whole. The Content-Length of a body that ended is set to what is here of it: one that was kept in part,
withheld or redacted may have had another.
"""

from collections.abc import Iterator

from apispy.model import Body, Exchange, Headers

Piece = tuple[float, bool, bytes]
"""When, in seconds since the exchange began; whether the client sent it; the bytes, or none when that side ends."""


def pieces(exchange: Exchange) -> list[Piece]:
    """All that an exchange put on the wire, both ways, in the order of time."""
    said = [piece for piece in (*_request(exchange), *_response(exchange)) if piece[2]]
    return sorted([*said, *_tunnel(exchange), *_ends(exchange)], key=lambda piece: piece[0])


def _tunnel(exchange: Exchange) -> Iterator[Piece]:
    tunnel = exchange.tunnel
    if tunnel is None:
        return
    for body, by_client in ((tunnel.to_server, True), (tunnel.to_client, False)):
        yield from ((chunk.at, by_client, chunk.data) for chunk in body.chunks if chunk.data)
        if body.ended_at is not None:
            yield body.ended_at, by_client, b""


def _ends(exchange: Exchange) -> Iterator[Piece]:
    """The end of the connection, where nothing else ends the answer, or the tunnel."""
    response = exchange.response
    if response is None or exchange.end != "complete":
        return
    framed = "content-length" in response.headers or _chunked(response.headers) or _has_no_body(exchange)
    if exchange.tunnel is not None or not framed:
        yield exchange.duration, False, b""
        yield exchange.duration, True, b""


def _request(exchange: Exchange) -> Iterator[Piece]:
    said = exchange.request
    line = f"{said.method} {said.target} HTTP/{_version(said.version)}"
    yield 0.0, True, _head(line, said.headers, said.body)
    for at, data in _framed(said.headers, said.body, 0.0):
        yield at, True, data


def _response(exchange: Exchange) -> Iterator[Piece]:
    said = exchange.response
    if said is None:
        return
    line = f"HTTP/{_version(said.version)} {said.status} {said.reason}"
    if _has_no_body(exchange):
        yield said.at, False, _head(line, said.headers, None)
        return
    yield said.at, False, _head(line, said.headers, said.body)
    for at, data in _framed(said.headers, said.body, said.at):
        yield at, False, data


def _version(version: str) -> str:
    return version if version in ("1.0", "1.1") else "1.1"


def _has_no_body(exchange: Exchange) -> bool:
    """Whatever its head says: RFC 9112, 6.3."""
    response = exchange.response
    return response is not None and (
        exchange.request.method == "HEAD" or response.status < 200 or response.status in (204, 304)
    )


def _chunked(headers: Headers) -> bool:
    return "chunked" in headers.text("transfer-encoding").lower()


def _head(line: str, headers: Headers, body: Body | None) -> bytes:
    fields = [
        (name, b"%d" % body.kept if body and _measures(name, headers, body) else value)
        for name, value in headers
    ]
    rest = b"".join(b"%b: %b\r\n" % field for field in fields)
    return line.encode("latin-1", "replace") + b"\r\n" + rest + b"\r\n"


def _measures(name: bytes, headers: Headers, body: Body) -> bool:
    """Whether *name* is a Content-Length that counts, of a body that ended."""
    return name.lower() == b"content-length" and body.ended_at is not None and not _chunked(headers)


def _framed(headers: Headers, body: Body, start: float) -> Iterator[tuple[float, bytes]]:
    """The pieces of a body with their transfer coding; none stands before *start*."""
    chunked = _chunked(headers)
    for chunk in body.chunks:
        if chunk.data:
            data = b"%x\r\n%b\r\n" % (len(chunk.data), chunk.data) if chunked else chunk.data
            yield max(start, chunk.at), data
    if chunked and body.ended_at is not None:
        trailers = b"".join(b"%b: %b\r\n" % field for field in body.trailers)
        yield max(start, body.ended_at), b"0\r\n" + trailers + b"\r\n"
