"""Cassettes of VCR: of vcrpy and pytest-recording (Python), in YAML or JSON, and of the Ruby program that they follow.

A cassette is a list of requests with their responses. It has no times but those of the ``Date`` headers (Ruby's also
``recorded_at``). Sources: vcrpy 9.4 (vcr/serialize.py, vcr/serializers) and the VCR 6 cassettes of Ruby.
"""

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from apispy.errors import ApispyError, MissingExtra
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
from apispy.model import Exchange, Headers, Request, Response
from apispy.structs import replace

MAX_FILE_SIZE = 64 << 20
"""Bytes of a file. YAML takes about 20 times as much memory while it is read."""

MAX_CONTENT = 2 * MAX_FILE_SIZE
"""Bytes of all headers and bodies. A file can only have more if YAML's aliases repeat them."""

LISTS = ("interactions", "http_interactions")
"""The name of the list of calls, of vcrpy and of Ruby's VCR."""

_JSON = re.compile(rb'\A\s*\{\s*(?:"version"\s*:\s*\d+\s*,\s*)?"(?:http_)?interactions"\s*:')
_YAML = re.compile(rb"^(?:http_)?interactions:\s", re.MULTILINE)

NO_TIMES = (
    "has no times: a cassette holds only the order of calls, and the second of each response's Date header"
)


def is_cassette(head: bytes) -> bool:
    return _JSON.match(head) is not None or (
        not head.lstrip().startswith((b"{", b"[")) and _YAML.search(head) is not None
    )


def read(path: Path, settings: Settings) -> Imported:
    """The calls of a cassette. Invalid entries are skipped with a notice. Raises ApispyError."""
    result = ImportResultBuilder(settings)
    size = 0
    for number, entry in enumerate(_entries(path), 1):
        try:
            exchange = _exchange(entry, result)
        except INVALID as error:
            result.notice(
                f"{path.name}: interaction {number} cannot be read: {problem_of(error)}. It was skipped."
            )
            continue
        size += _size(exchange)
        if size > MAX_CONTENT:
            raise ApispyError(
                f"{path}, interaction {number}: expected at most {MAX_CONTENT >> 20} MiB of headers and bodies, found "
                "more: YAML aliases repeat them. Record fewer calls in one cassette."
            )
        result.exchanges.append(exchange)
    if result.exchanges:
        result.notice(f"{path.name} {NO_TIMES}.")
        result.exchanges = _in_order(result.exchanges, path.stat().st_mtime)
    return result.imported()


def _in_order(exchanges: list[Exchange], modified: float) -> list[Exchange]:
    """Give each call a time that keeps the order of the cassette: its own, unless that is unknown or too early.

    *modified* is the time of a cassette without any.
    """
    at = next((exchange.started for exchange in exchanges if exchange.started), modified)
    found = []
    for exchange in exchanges:
        at = max(at, exchange.started)
        found.append(replace(exchange, started=at))
    return found


def _entries(path: Path) -> list[Any]:
    data = files.contents_of(path, MAX_FILE_SIZE, "Record fewer calls in one cassette.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ApispyError(
            f"{path}, line {line}: expected UTF-8, found the byte {data[error.start]:#04x}. Record the cassette again."
        ) from None
    value = _json(text, path) if text.lstrip().startswith("{") else _yaml(text, path)
    for name in LISTS:
        if isinstance(value, dict) and isinstance(value.get(name), list):
            return list(value[name])
    raise ApispyError(f"{path} is not a cassette of VCR: expected a list called {' or '.join(LISTS)}.")


def _json(text: str, path: Path) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ApispyError(f"{path}, {where}: invalid JSON: {error.msg}. Record the cassette again.") from None
    except (ValueError, RecursionError):  # a number with thousands of digits
        raise ApispyError(f"{path} is not a cassette of VCR: its JSON has an impossible value.") from None


def _yaml(text: str, path: Path) -> Any:
    try:
        from apispy.importers.yaml_values import YamlError, load
    except ImportError:
        raise MissingExtra("PyYAML", f"to read {path}, a cassette in YAML", "yaml") from None
    try:
        return load(text)
    except YamlError as error:
        raise ApispyError(f"{path}, {error}. Record the cassette again.") from None


def _exchange(entry: Any, result: ImportResultBuilder) -> Exchange:
    request, response = entry["request"], entry["response"]
    upstream, target = split_url(text_of(request["uri"]))
    headers, data = _headers(response.get("headers")), _content(response.get("body"))
    status = response["status"]
    return Exchange(
        id=next(result.exchange_numbers),
        connection=next(result.connection_numbers),
        started=_moment(entry, headers),
        client="a cassette's client",
        upstream=upstream,
        request=Request(
            method=text_of(request["method"]).upper(),
            target=target,
            headers=_headers(request.get("headers")),
            body=make_body(_content(request.get("body")), result.limit),
        ),
        response=Response(
            status=int(status["code"]),
            reason=text_of(status.get("message") or ""),
            version=http_version(str(response.get("http_version") or "1.1")),
            headers=fitting_headers(headers, data),
            body=make_body(data, result.limit),
        ),
        end="complete",
    )


def _size(exchange: Exchange) -> int:
    """Bytes of the headers and bodies."""
    messages = [message for message in (exchange.request, exchange.response) if message]
    return sum(
        message.body.size + sum(len(name) + len(value) for name, value in message.headers)
        for message in messages
    )


def _content(value: Any) -> bytes:
    """The bytes of a body: null, text, bytes, or an object with one of them. Raises TypeError or ValueError."""
    match value:
        case None:
            return b""
        case str():
            return value.encode("utf-8", "surrogatepass")
        case bytes():
            return value
        case {"base64_string": str() as coded}:
            return base64.b64decode(coded)
        case {"string": inner} if not isinstance(inner, dict):
            return _content(inner)
    raise TypeError(f"found {type(value).__name__} where a body was expected")


def _headers(fields: Any) -> Headers:
    """Headers: an object whose values are lists, or single values in older cassettes."""
    return make_headers(_pairs(fields or {}))


def _pairs(fields: Any) -> Iterator[tuple[str, str]]:
    for name, values in fields.items():
        for value in values if isinstance(values, list) else [values]:
            if not isinstance(value, str | bytes | int):
                raise TypeError(f"found {type(value).__name__} where the value of a header was expected")
            yield text_of(name), value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _moment(entry: Any, headers: Headers) -> float:
    """The Unix seconds of a call; 0 if the cassette does not have them."""
    text = entry.get("recorded_at") or headers.text("date")
    try:
        moment = parsedate_to_datetime(text_of(text))
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except INVALID:
        return 0.0
    return seconds if 0 <= seconds < END_OF_TIME else 0.0


register(
    Format(
        "vcr",
        "a cassette of VCR (vcrpy, pytest-recording)",
        is_cassette,
        read,
        "Delete the cassette, and run the test again: pytest --record-mode=once",
    )
)
