"""What apispy's own HAR files hold beside the standard, in ``_docker``: the pieces of a stream, and hijacks."""

import base64
import binascii
from dataclasses import replace
from typing import Any, get_args

from apispy.importers.base import LATEST
from apispy.model import Body, Chunk, End, Exchange, Headers, Tunnel


def with_extension(exchange: Exchange, docker: Any, limit: int) -> Exchange:
    """*exchange* with what ``_docker`` tells of it. Raises ValueError, TypeError or KeyError."""
    if docker["end"] not in get_args(End):
        raise ValueError(f"found _docker.end {docker['end']!r}, expected one of {get_args(End)}")
    exchange = replace(
        exchange,
        client=text(docker["client"]),
        upstream=text(docker["upstream"]),
        end=docker["end"],
        problems=tuple(text(problem) for problem in docker["problems"]),
    )
    exchange = exchange.with_stream("request", _cut_up(exchange.request.body, docker["request"]))
    if exchange.response is not None and docker["response"]:
        exchange = exchange.with_stream("response", _cut_up(exchange.response.body, docker["response"]))
    return replace(exchange, tunnel=_tunnel(docker["tunnel"], limit))


def content_bytes(content: Any) -> bytes:
    """A HAR text as the bytes that it stands for. Raises ValueError when it says base64 and is not."""
    said = text(content.get("text") or "")
    if "base64" not in (content.get("encoding"), content.get("_encoding")):
        return said.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(said)
    except binascii.Error as error:
        raise ValueError(f"a body that is said to be base64 is not: {error}") from None


def headers(fields: Any) -> Headers:
    """Without HTTP/2's pseudo headers, which browsers list too."""
    pairs = [(text(field["name"]), text(field["value"])) for field in fields or []]
    named = [pair for pair in pairs if not pair[0].startswith(":")]
    return Headers(
        tuple(
            (name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in named
        )
    )


def text(value: Any) -> str:
    """*value* when it is a text. Raises TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"found {type(value).__name__} where text was expected")
    return value


def seconds(value: Any, unit: float = 1.0) -> float:
    """A duration in seconds, given in *unit*s; 0 for what HAR writes when it is not known. Raises ValueError."""
    found = float(value or 0) * unit
    if not found < LATEST:
        raise ValueError(f"found {value} where a time was expected")
    return max(0.0, found)


def _cut_up(body: Body, stream: Any) -> Body:
    """The same bytes in the pieces in which they came."""
    data, chunks, start = body.data, [], 0
    for at, size in stream["chunks"]:
        if piece := data[start : start + max(0, int(size))]:
            chunks.append(Chunk(seconds(at), piece))
        start += max(0, int(size))
    if start < len(data):
        chunks = list(body.chunks)
    return _stream(tuple(chunks), stream)


def _tunnel(tunnel: Any, limit: int) -> Tunnel | None:
    if tunnel is None:
        return None
    ways = {name: _way(tunnel[name], limit) for name in ("to_server", "to_client")}
    return Tunnel(text(tunnel["protocol"]), **ways)


def _way(stream: Any, limit: int) -> Body:
    chunks, kept = [], 0
    for piece in stream["data"]:
        data = content_bytes(piece)[: max(0, limit - kept)]
        kept += len(data)
        if data:
            chunks.append(Chunk(seconds(piece["at"]), data))
    return _stream(tuple(chunks), stream)


def _stream(chunks: tuple[Chunk, ...], stream: Any) -> Body:
    ended = stream["ended"]
    return Body(
        chunks,
        max(int(stream["size"]), sum(len(chunk.data) for chunk in chunks)),
        headers(stream.get("trailers")),
        None if ended is None else seconds(ended),
        shown=not stream["withheld"],
    )
