"""HAR 1.2, as http://www.softwareishard.com/blog/har-12-spec/ has it, for browsers' developer tools and the like.

What HAR has no place for is in ``_docker`` of each entry: the operation, what was understood, when the pieces of a
body came, and both ways of a hijacked connection. HAR is built around whole texts, so a body that is no UTF-8 is in
base64: ``encoding`` says so in ``content``, and ``_encoding`` in ``postData``, where the standard has no field for it.
"""

import base64
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import apispy
from apispy.model import Body, Exchange, Headers, Response, Tunnel
from apispy.outputs.base import Reading
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.columns import time_text
from apispy.outputs.outcome import outcome
from apispy.outputs.reading_values import ascii_json

NONE = -1
"""What HAR writes for a time or a size that is not known."""


@exporter("har", suffix=".har", says="HAR 1.2 for browser developer tools; streams in _docker")
def export(readings: Iterable[Reading]) -> Iterator[str]:
    creator = ascii_json({"name": "apispy", "version": apispy.__version__})
    yield f'{{"log": {{"version": "1.2", "creator": {creator}, "pages": [], "entries": ['
    comma = ""
    for reading in readings:
        yield f"{comma}\n{ascii_json(_entry(reading))}"
        comma = ","
    yield "\n]}}\n"


def _entry(reading: Reading) -> dict[str, Any]:
    exchange = reading.exchange
    timings = _timings(exchange)
    return {
        "startedDateTime": time_text(exchange.started),
        "time": round(timings["send"] + timings["wait"] + timings["receive"], 3),
        "request": _request(reading),
        "response": _response(exchange.response) if exchange.response else _no_response(exchange),
        "cache": {},
        "timings": timings,
        "connection": str(exchange.connection),
        "comment": " ".join(filter(None, (reading.call.operation.id, outcome(reading), *reading.errors))),
        "_resourceType": "websocket"
        if exchange.tunnel and exchange.tunnel.protocol == "websocket"
        else "fetch",
        "_docker": _docker(reading),
    }


def _timings(exchange: Exchange) -> dict[str, float]:
    """Milliseconds. The connection's own times belong to no exchange and are not known here."""
    answered = exchange.response.at if exchange.response else exchange.duration
    sent = min(exchange.request.body.ended_at or 0.0, answered)
    parts = {"send": sent, "wait": answered - sent, "receive": exchange.duration - answered}
    known = {name: round(max(0.0, seconds) * 1000, 3) for name, seconds in parts.items()}
    return {"blocked": NONE, "dns": NONE, "connect": NONE, "ssl": NONE, **known}


def _request(reading: Reading) -> dict[str, Any]:
    exchange, said = reading.exchange, reading.exchange.request
    head = f"{said.method} {said.target} HTTP/{said.version}"
    return {
        "method": said.method,
        "url": _url(exchange),
        "httpVersion": f"HTTP/{said.version}",
        "cookies": [],
        "headers": _pairs(_fields(said.headers)),
        "queryString": _pairs(reading.call.query),
        **({"postData": _post_data(said.headers, said.body)} if said.body.size else {}),
        "headersSize": _head_size(head, said.headers),
        "bodySize": said.body.size,
    }


def _url(exchange: Exchange) -> str:
    """Absolute, as HAR wants it; a daemon behind a unix socket or ssh is called localhost."""
    if "://" in exchange.request.target.partition("?")[0]:
        return exchange.request.target
    at = urlsplit(exchange.upstream) if exchange.upstream.startswith("tcp://") else None
    return f"http://{at.netloc if at else 'localhost'}{exchange.request.target}"


def _post_data(headers: Headers, body: Body) -> dict[str, Any]:
    text = _text(body.data)
    coded = {"_encoding": text["encoding"]} if "encoding" in text else {}
    return {
        "mimeType": headers.text("content-type", "application/octet-stream"),
        "params": [],
        "text": text["text"],
        **coded,
        **_remark(body),
    }


def _response(said: Response) -> dict[str, Any]:
    return {
        "status": said.status,
        "statusText": said.reason,
        "httpVersion": f"HTTP/{said.version}",
        "cookies": [],
        "headers": _pairs(_fields(said.headers)),
        "content": {
            "size": said.body.size,
            "mimeType": said.headers.text("content-type", "x-unknown"),
            **_text(said.body.data),
            **_remark(said.body),
        },
        "redirectURL": said.headers.text("location"),
        "headersSize": _head_size(f"HTTP/{said.version} {said.status} {said.reason}", said.headers),
        "bodySize": said.body.size,
    }


def _no_response(exchange: Exchange) -> dict[str, Any]:
    """As Chromium writes it."""
    return {
        "status": 0,
        "statusText": "",
        "httpVersion": "",
        "cookies": [],
        "headers": [],
        "content": {"size": 0, "mimeType": "x-unknown"},
        "redirectURL": "",
        "headersSize": NONE,
        "bodySize": NONE,
        "_error": "; ".join(exchange.problems) or "no answer",
    }


def _docker(reading: Reading) -> dict[str, Any]:
    exchange, call, response = reading.exchange, reading.call, reading.exchange.response
    return {
        "id": exchange.id,
        "operation": call.operation.id or None,
        "version": call.version,
        "arguments": call.arguments,
        "errors": list(reading.errors),
        "problems": list(exchange.problems),
        "notes": list(reading.notes),
        "client": exchange.client,
        "upstream": exchange.upstream,
        "end": exchange.end,
        "redactions": [secret.place for secret in exchange.redactions],
        "request": _stream(exchange.request.body),
        "response": response and _stream(response.body),
        "tunnel": _tunnel(exchange.tunnel),
    }


def _tunnel(tunnel: Tunnel | None) -> dict[str, Any] | None:
    if tunnel is None:
        return None
    ways = {"to_server": tunnel.to_server, "to_client": tunnel.to_client}
    return {"protocol": tunnel.protocol} | {
        name: _stream(body)
        | {"data": [{"at": round(chunk.at, 6), **_text(chunk.data)} for chunk in body.chunks]}
        for name, body in ways.items()
    }


def _stream(body: Body) -> dict[str, Any]:
    """``chunks``: seconds since the entry began, and bytes, of each piece that was kept, as it came.

    ``sha256`` is that of the whole stream, when not all of it was kept.
    """
    return {
        "size": body.size,
        "kept": body.kept,
        "withheld": not body.shown,
        "sha256": body.digest or None,
        "ended": None if body.ended_at is None else round(body.ended_at, 6),
        "chunks": [[round(chunk.at, 6), len(chunk.data)] for chunk in body.chunks],
        **({"trailers": _pairs(_fields(body.trailers))} if len(body.trailers) else {}),
    }


def _remark(body: Body) -> dict[str, str]:
    if not body.shown:
        return {"comment": "withheld: it contains secrets"}
    return {"comment": f"{body.kept} of {body.size} bytes were kept"} if body.cut else {}


def _text(data: bytes) -> dict[str, str]:
    try:
        return {"text": data.decode("utf-8")}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(data).decode("ascii"), "encoding": "base64"}


def _pairs(fields: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in fields]


def _fields(headers: Headers) -> Iterator[tuple[str, str]]:
    return ((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def _head_size(first_line: str, headers: Headers) -> int:
    """Bytes from the first line to the empty one."""
    return len(first_line) + 2 + sum(len(name) + len(value) + 4 for name, value in headers) + 2
