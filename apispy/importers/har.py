"""HAR 1.2, as browsers, mitmproxy and apispy write it: the requests and responses of a session in JSON.

The standard has only the heads of a hijacked connection. apispy's own files have its content, and the chunks of
streams, in an extension, ``_docker``. Source: the HAR 1.2 specification (W3C web performance group, draft).
"""

import base64
import binascii
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

from apispy.errors import ApispyError
from apispy.importers.formats import END_OF_TIME, Format, Imported, Settings, register
from apispy.importers.passive_connection import ImportResultBuilder
from apispy.model import Body, Chunk, End, Exchange, Headers, Request, Response, Tunnel

MAX_FILE_SIZE = 256 << 20

_LOG = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*\{\s*"log"\s*:\s*\{')

MILLISECOND = 1e-3

INVALID = (TypeError, ValueError, KeyError, AttributeError, OverflowError, RecursionError)
"""Exceptions that JSON of an unexpected form causes."""


def is_har(head: bytes) -> bool:
    return _LOG.match(head) is not None


def read(path: Path, settings: Settings) -> Imported:
    """The calls in a HAR file. Invalid entries are skipped with a notice. Raises ApispyError."""
    result = ImportResultBuilder(settings)
    for number, entry in enumerate(_entries(path), 1):
        try:
            result.exchanges.append(_exchange(entry, result))
        except INVALID as error:
            problem = f"no field {error}" if isinstance(error, KeyError) else str(error)
            result.notice(f"{path.name}: entry {number} cannot be read: {problem}. It was skipped.")
    return result.imported()


def _entries(path: Path) -> list[Any]:
    if path.stat().st_size > MAX_FILE_SIZE:
        raise ApispyError(f"{path} is larger than {MAX_FILE_SIZE >> 20} MiB. Export fewer calls.")
    try:
        entries = json.loads(path.read_bytes().decode("utf-8-sig"))["log"]["entries"]
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
    url = urlsplit(_text(request["url"]))
    started = _unix_seconds(entry["startedDateTime"])
    duration = _seconds(entry.get("time"), MILLISECOND)
    has_response = int(response.get("status") or 0) > 0
    exchange = Exchange(
        id=next(result.exchange_numbers),
        connection=_connection(entry, result),
        started=started,
        client="a HAR file's client",
        upstream=f"tcp://{url.netloc.rpartition('@')[2]}",
        request=Request(
            method=_text(request["method"]),
            target=(url.path or "/") + (f"?{url.query}" if url.query else ""),
            version=_version(request),
            headers=_headers(request.get("headers")),
            body=_body(request.get("postData") or {}, 0.0, result.limit),
        ),
        response=_response(entry, duration, result.limit) if has_response else None,
        end="complete" if has_response else "cut",
        duration=duration,
    )
    return _with_extension(exchange, entry["_docker"], result.limit) if "_docker" in entry else exchange


def _response(entry: Any, duration: float, limit: int) -> Response:
    response = entry["response"]
    timings = entry.get("timings") or {}
    return Response(
        status=int(response["status"]),
        reason=_text(response.get("statusText") or ""),
        version=_version(response),
        headers=_headers(response.get("headers")),
        body=_body(response.get("content") or {}, duration, limit),
        # All phases but ``receive`` precede the response's head.
        at=max(0.0, duration - _seconds(timings.get("receive"), MILLISECOND)),
    )


def _body(content: Any, at: float, limit: int) -> Body:
    data = _content_bytes(content)
    size = max(len(data), int(content.get("size") or 0))
    return Body((Chunk(at, data[:limit]),) if data else (), size, ended_at=at)


def _version(message: Any) -> str:
    return _text(message.get("httpVersion") or "HTTP/1.1").upper().removeprefix("HTTP/") or "1.1"


def _connection(entry: Any, result: ImportResultBuilder) -> int:
    """HAR's ``connection``, any text, if it is a number, such as a port; else a new number for each call."""
    name = str(entry.get("connection") or "")
    is_number = name.isascii() and name.isdigit() and len(name) < 10
    return int(name) if is_number else next(result.connection_numbers)


# -- values --


def _content_bytes(content: Any) -> bytes:
    """The bytes of a HAR text. Raises ValueError if its base64 is invalid."""
    text = _text(content.get("text") or "")
    if "base64" not in (content.get("encoding"), content.get("_encoding")):
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text)
    except binascii.Error as error:
        raise ValueError(f"a body has invalid base64: {error}") from None


def _headers(fields: Any) -> Headers:
    """The headers without HTTP/2's pseudo-headers, which browsers list too."""
    pairs = [(_text(field["name"]), _text(field["value"])) for field in fields or []]
    named = [pair for pair in pairs if not pair[0].startswith(":")]
    return Headers(
        tuple(
            (name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in named
        )
    )


def _text(value: Any) -> str:
    """*value*. Raises TypeError if it is not a string."""
    if not isinstance(value, str):
        raise TypeError(f"found {type(value).__name__} where text was expected")
    return value


def _seconds(value: Any, unit: float = 1.0) -> float:
    """A duration in seconds, given in *unit*s; 0 for HAR's values for an unknown duration. Raises ValueError."""
    found = float(value or 0) * unit
    if not found < END_OF_TIME:
        raise ValueError(f"found {value} where a time was expected")
    return max(0.0, found)


def _unix_seconds(value: Any) -> float:
    moment = datetime.fromisoformat(_text(value))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


# -- apispy's extension --


def _with_extension(exchange: Exchange, docker: Any, limit: int) -> Exchange:
    """*exchange* with the content of ``_docker``. Raises ValueError, TypeError or KeyError."""
    if docker["end"] not in get_args(End):
        raise ValueError(f"found _docker.end {docker['end']!r}, expected one of {get_args(End)}")
    exchange = replace(
        exchange,
        client=_text(docker["client"]),
        upstream=_text(docker["upstream"]),
        end=docker["end"],
        problems=tuple(_text(problem) for problem in docker["problems"]),
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
    return Tunnel(_text(tunnel["protocol"]), **streams)


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


register(Format("har", "a HAR file", is_har, read))
