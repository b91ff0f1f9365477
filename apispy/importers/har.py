"""HAR 1.2, as browsers, mitmproxy and apispy write it: the requests and responses of a session in JSON.

The standard has only the heads of a hijacked connection. apispy's own files have its content, and the chunks of
streams, in an extension, ``_docker``. Source: the HAR 1.2 specification (W3C web performance group, draft).
"""

import base64
import binascii
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from apispy.errors import ApispyError
from apispy.importers import files
from apispy.importers.formats import END_OF_TIME, Format, Imported, Settings, register
from apispy.importers.messages import (
    INVALID,
    fitting_headers,
    http_version,
    make_body,
    make_headers,
    problem_of,
    split_url,
    text_of,
)
from apispy.importers.passive_connection import ImportResultBuilder
from apispy.model import Body, Chunk, End, Exchange, Headers, Request, Response, Tunnel
from apispy.structs import replace

MAX_FILE_SIZE = 256 << 20

_LOG = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*\{\s*"log"\s*:\s*\{')

MILLISECOND = 1e-3

TEXT_OPCODE, FINAL = 1, 0x80
"""The opcode of a WebSocket's text message, and the bit of the last frame of a message."""


def is_har(head: bytes) -> bool:
    return _LOG.match(head) is not None


def read(path: Path, settings: Settings) -> Imported:
    """The calls in a HAR file. Invalid entries are skipped with a notice. Raises ApispyError."""
    result = ImportResultBuilder(settings)
    for number, entry in enumerate(_entries(path), 1):
        try:
            result.exchanges.append(_exchange(entry, result))
        except INVALID as error:
            result.notice(f"{path.name}: entry {number} cannot be read: {problem_of(error)}. It was skipped.")
    return result.imported()


def _entries(path: Path) -> list[Any]:
    data = files.contents_of(path, MAX_FILE_SIZE, "Export fewer calls.")
    try:
        entries = json.loads(data.decode("utf-8-sig"))["log"]["entries"]
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ApispyError(f"{path}, {where}: invalid JSON: {error.msg}. Export the HAR file again.") from None
    except INVALID:
        raise ApispyError(f"{path} is not a HAR file: expected JSON with a list in log.entries.") from None
    if not isinstance(entries, list):
        raise ApispyError(f"{path}: log.entries is {type(entries).__name__}, expected a list of calls.")
    return entries


def _exchange(entry: Any, result: ImportResultBuilder) -> Exchange:
    request, response = entry["request"], entry.get("response") or {}
    upstream, target = split_url(text_of(request["url"]))
    started = _unix_seconds(entry["startedDateTime"])
    duration = _seconds(entry.get("time"), MILLISECOND)
    has_response = int(response.get("status") or 0) > 0
    exchange = Exchange(
        id=next(result.exchange_numbers),
        connection=_connection(entry, result),
        started=started,
        client="a HAR file's client",
        upstream=upstream,
        request=Request(
            method=text_of(request["method"]),
            target=target,
            version=_version(request),
            headers=_headers(request.get("headers")),
            body=_body(request.get("postData") or {}, 0.0, result.limit),
        ),
        response=_response(entry, duration, result.limit) if has_response else None,
        end="complete" if has_response else "cut",
        duration=duration,
    )
    if "_docker" in entry:
        return _with_extension(exchange, entry["_docker"], result.limit)
    if "_webSocketMessages" in entry and exchange.response is not None:
        return _with_messages(exchange, entry["_webSocketMessages"], result.limit)
    return exchange


def _response(entry: Any, duration: float, limit: int) -> Response:
    response, timings = entry["response"], entry.get("timings") or {}
    content, headers = response.get("content") or {}, _headers(response.get("headers"))
    if "_docker" not in entry:  # apispy writes the bytes that were sent
        headers = fitting_headers(headers, _content_bytes(content))
    return Response(
        status=int(response["status"]),
        reason=text_of(response.get("statusText") or ""),
        version=_version(response),
        headers=headers,
        body=_body(content, duration, limit),
        # All phases but ``receive`` precede the response's head.
        at=max(0.0, duration - _seconds(timings.get("receive"), MILLISECOND)),
    )


def _body(content: Any, at: float, limit: int) -> Body:
    return make_body(_content_bytes(content), limit, at, int(content.get("size") or 0))


def _version(message: Any) -> str:
    return http_version(text_of(message.get("httpVersion") or "HTTP/1.1"))


def _connection(entry: Any, result: ImportResultBuilder) -> int:
    """HAR's ``connection``, any text, if it is a number, such as a port; else a new number for each call."""
    name = str(entry.get("connection") or "")
    is_number = name.isascii() and name.isdigit() and len(name) < 10
    return int(name) if is_number else next(result.connection_numbers)


# -- values --


def _content_bytes(content: Any) -> bytes:
    """The bytes of a HAR text. Raises ValueError if its base64 is invalid."""
    text = text_of(content.get("text") or "")
    if "base64" not in (content.get("encoding"), content.get("_encoding")):
        return text.encode("utf-8", "surrogatepass")
    return _from_base64(text)


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except binascii.Error as error:
        raise ValueError(f"a body has invalid base64: {error}") from None


def _headers(fields: Any) -> Headers:
    return make_headers((text_of(field["name"]), text_of(field["value"])) for field in fields or [])


def _seconds(value: Any, unit: float = 1.0) -> float:
    """A duration in seconds, given in *unit*s; 0 for HAR's values for an unknown duration. Raises ValueError."""
    found = float(value or 0) * unit
    if not found < END_OF_TIME:
        raise ValueError(f"found {value} where a time was expected")
    return max(0.0, found)


def _unix_seconds(value: Any) -> float:
    moment = datetime.fromisoformat(text_of(value))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


# -- WebSockets, as Chromium, Firefox and mitmproxy write them --


def _with_messages(exchange: Exchange, messages: Any, limit: int) -> Exchange:
    """*exchange* with the frames of its WebSocket. Raises ValueError, TypeError or KeyError."""
    chunks: dict[str, list[Chunk]] = {"send": [], "receive": []}
    for message in messages or []:
        at = max(0.0, _seconds(message["time"]) - exchange.started)
        chunks[message["type"]].append(Chunk(at, _frame(message, masked=message["type"] == "send")))
    end = max([exchange.duration, *(chunk.at for some in chunks.values() for chunk in some)])
    to_server, to_client = (_limited(chunks[side], limit, end) for side in ("send", "receive"))
    return replace(exchange, tunnel=Tunnel("websocket", to_server, to_client), duration=end)


def _limited(chunks: list[Chunk], limit: int, end: float) -> Body:
    """The chunks up to *limit* bytes, as a stream that ended at the time *end*."""
    kept, left = [], limit
    for chunk in chunks:
        if data := chunk.data[: max(0, left)]:
            kept.append(Chunk(chunk.at, data))
        left -= len(chunk.data)
    return Body(tuple(kept), limit - left, ended_at=end)


def _frame(message: Any, *, masked: bool) -> bytes:
    """The bytes of a message on the wire: one frame (RFC 6455, 5.2); the mask of a client's is zero.

    HAR has the payload as text, or in base64 if the opcode says that it is not text.
    """
    opcode = int(message["opcode"])
    if not 0 <= opcode < 16:
        raise ValueError(f"found the opcode {opcode} of a WebSocket, expected 0 to 15")
    text = text_of(message["data"])
    data = text.encode("utf-8", "surrogatepass") if opcode == TEXT_OPCODE else _from_base64(text)
    mask = 0x80 if masked else 0
    if len(data) < 126:
        size = bytes([mask | len(data)])
    elif len(data) < 1 << 16:
        size = bytes([mask | 126]) + len(data).to_bytes(2, "big")
    else:
        size = bytes([mask | 127]) + len(data).to_bytes(8, "big")
    return bytes([FINAL | opcode]) + size + (bytes(4) if masked else b"") + data


# -- apispy's extension --


def _with_extension(exchange: Exchange, docker: Any, limit: int) -> Exchange:
    """*exchange* with the content of ``_docker``. Raises ValueError, TypeError or KeyError."""
    if docker["end"] not in get_args(End):
        raise ValueError(f"found _docker.end {docker['end']!r}, expected one of {get_args(End)}")
    exchange = replace(
        exchange,
        client=text_of(docker["client"]),
        upstream=text_of(docker["upstream"]),
        end=docker["end"],
        problems=tuple(text_of(problem) for problem in docker["problems"]),
    )
    exchange = exchange.with_stream("request", _split(exchange.request.body, docker["request"]))
    if exchange.response is not None and docker["response"]:
        exchange = exchange.with_stream("response", _split(exchange.response.body, docker["response"]))
    return replace(exchange, tunnel=_tunnel(docker["tunnel"], limit))


def _split(body: Body, stream: Any) -> Body:
    """The same bytes in the chunks in which they arrived."""
    data, chunks, start = body.data, [], 0
    for at, size in stream["chunks"]:
        if piece := data[start : start + max(0, int(size))]:
            chunks.append(Chunk(_seconds(at), piece))
        start += max(0, int(size))
    if start < len(data):
        chunks = list(body.chunks)
    return _stream(tuple(chunks), stream)


def _tunnel(tunnel: Any, limit: int) -> Tunnel | None:
    if tunnel is None:
        return None
    streams = {name: _tunnel_stream(tunnel[name], limit) for name in ("to_server", "to_client")}
    return Tunnel(text_of(tunnel["protocol"]), **streams)


def _tunnel_stream(stream: Any, limit: int) -> Body:
    chunks, kept = [], 0
    for piece in stream["data"]:
        data = _content_bytes(piece)[: max(0, limit - kept)]
        kept += len(data)
        if data:
            chunks.append(Chunk(_seconds(piece["at"]), data))
    return _stream(tuple(chunks), stream)


def _stream(chunks: tuple[Chunk, ...], stream: Any) -> Body:
    ended = stream["ended"]
    return Body(
        chunks,
        max(int(stream["size"]), sum(len(chunk.data) for chunk in chunks)),
        _headers(stream.get("trailers")),
        None if ended is None else _seconds(ended),
        shown=not stream["withheld"],
    )


register(
    Format(
        "har",
        "a HAR file",
        is_har,
        read,
        "Open the network panel of the browser before the page makes its calls, and export again.",
    )
)
