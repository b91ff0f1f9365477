"""HAR 1.2, as browsers, mitmproxy and apispy write it: the requests and answers of a page or a session, in JSON.

Of a hijacked connection it holds the heads, and what apispy adds in ``_docker``.
Source: the HAR 1.2 specification (W3C web performance group, draft).
"""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from apispy.errors import ApispyError
from apispy.importers.base import Format, Imported, Settings, register
from apispy.importers.har_docker import content_bytes, headers, seconds, text, with_extension
from apispy.importers.passive_connection import ImportResultBuilder
from apispy.model import Body, Chunk, Exchange, Request, Response

LARGEST_FILE = 256 << 20

_LOG = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*\{\s*"log"\s*:\s*\{')

MILLI = 1e-3

FAULTS = (TypeError, ValueError, KeyError, AttributeError, OverflowError, RecursionError)


def is_har(head: bytes) -> bool:
    return _LOG.match(head) is not None


def read(path: Path, settings: Settings) -> Imported:
    """The calls in a HAR file. Entries that make no sense are told of and left out. Raises ApispyError."""
    session = ImportResultBuilder(settings)
    for number, entry in enumerate(_entries(path), 1):
        try:
            session.exchanges.append(_exchange(entry, session))
        except FAULTS as fault:
            wrong = f"no field {fault}" if isinstance(fault, KeyError) else str(fault)
            session.notice(f"{path.name}: entry {number} cannot be read: {wrong}. It is left out.")
    return session.imported()


def _entries(path: Path) -> list[Any]:
    if path.stat().st_size > LARGEST_FILE:
        raise ApispyError(f"{path} is larger than {LARGEST_FILE >> 20} MiB. Export fewer calls.")
    try:
        entries = json.loads(path.read_bytes().decode("utf-8-sig"))["log"]["entries"]
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ApispyError(f"{path}, {where}: no JSON: {error.msg}. Export the HAR file again.") from None
    except FAULTS:
        raise ApispyError(f"{path} is no HAR file: expected JSON with a list in log.entries.") from None
    if not isinstance(entries, list):
        raise ApispyError(f"{path}: log.entries is {type(entries).__name__}, expected a list of calls.")
    return entries


def _exchange(entry: Any, session: ImportResultBuilder) -> Exchange:
    asked, answered = entry["request"], entry.get("response") or {}
    url = urlsplit(text(asked["url"]))
    started = _when(entry["startedDateTime"])
    duration = seconds(entry.get("time"), MILLI)
    answer = None
    if int(answered.get("status") or 0) > 0:
        answer = _response(answered, duration, _waited(entry, duration), session.limit)
    exchange = Exchange(
        id=next(session.exchange_numbers),
        connection=_connection(entry, session),
        started=started,
        client="a HAR file's client",
        upstream=f"tcp://{url.netloc.rpartition('@')[2]}",
        request=Request(
            method=text(asked["method"]),
            target=(url.path or "/") + (f"?{url.query}" if url.query else ""),
            version=_version(asked),
            headers=headers(asked.get("headers")),
            body=_body(asked.get("postData") or {}, 0.0, session.limit),
        ),
        response=answer,
        end="complete" if answer else "cut",
        duration=duration,
    )
    return with_extension(exchange, entry["_docker"], session.limit) if "_docker" in entry else exchange


def _response(answered: Any, duration: float, waited: float, limit: int) -> Response:
    return Response(
        status=int(answered["status"]),
        reason=text(answered.get("statusText") or ""),
        version=_version(answered),
        headers=headers(answered.get("headers")),
        body=_body(answered.get("content") or {}, duration, limit),
        at=waited,
    )


def _body(content: Any, at: float, limit: int) -> Body:
    data = content_bytes(content)
    size = max(len(data), int(content.get("size") or 0))
    return Body((Chunk(at, data[:limit]),) if data else (), size, ended_at=at)


def _version(message: Any) -> str:
    return text(message.get("httpVersion") or "HTTP/1.1").upper().removeprefix("HTTP/") or "1.1"


def _when(said: Any) -> float:
    moment = datetime.fromisoformat(text(said))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _waited(entry: Any, duration: float) -> float:
    """Seconds to the answer's head: what came before ``receive``, of the phases that are known."""
    timings = entry.get("timings") or {}
    return max(0.0, duration - seconds(timings.get("receive"), MILLI))


def _connection(entry: Any, session: ImportResultBuilder) -> int:
    """HAR's ``connection`` is any text, often a port; a number is kept, without one each call has its own."""
    named = str(entry.get("connection") or "")
    number = named.isascii() and named.isdigit() and len(named) < 10
    return int(named) if number else next(session.connection_numbers)


register(Format("har", "a HAR file", is_har, read))
