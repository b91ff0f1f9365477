"""HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/), for browser developer tools and similar viewers.

Data without a HAR field is in ``_docker`` of each entry: the operation, decoded values, the arrival times of body
chunks, and both directions of a hijacked connection. HAR holds text, so a body that is not UTF-8 is in base64:
``encoding`` marks this in ``content``, and ``_encoding`` in ``postData``, where the standard has no field for it.
"""

import base64
from collections.abc import Iterable, Iterator
from typing import Any

import apispy
from apispy.model import Body, Exchange, Headers, Response, Tunnel
from apispy.outputs.base import DecodedCall
from apispy.outputs.decoded_values import ascii_json
from apispy.outputs.exports.addresses import absolute_url
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.columns import iso_time
from apispy.outputs.outcome import outcome

UNKNOWN = -1
"""The HAR value for an unknown time or size."""

HTTP2 = "2"
"""The version whose headers have no size of their own: it depends on those before them on the connection."""


@exporter(
    "har",
    suffix=".har",
    description="HAR 1.2, for browser developer tools; streams in _docker",
    has_urls=True,
)
def export(decoded_calls: Iterable[DecodedCall]) -> Iterator[str]:
    creator = ascii_json({"name": "apispy", "version": apispy.__version__})
    yield f'{{"log": {{"version": "1.2", "creator": {creator}, "pages": [], "entries": ['
    comma = ""
    for decoded in decoded_calls:
        yield f"{comma}\n{ascii_json(_entry(decoded))}"
        comma = ","
    yield "\n]}}\n"


def _entry(decoded: DecodedCall) -> dict[str, Any]:
    exchange = decoded.exchange
    timings = _timings(exchange)
    return {
        "startedDateTime": iso_time(exchange.started),
        "time": round(timings["send"] + timings["wait"] + timings["receive"], 3),
        "request": _request(decoded),
        "response": _response(exchange.response) if exchange.response else _no_response(exchange),
        "cache": {},
        "timings": timings,
        "connection": str(exchange.connection),
        "comment": " ".join(filter(None, (decoded.call.operation.id, outcome(decoded), *decoded.errors))),
        "_resourceType": "websocket"
        if exchange.tunnel and exchange.tunnel.protocol == "websocket"
        else "fetch",
        "_docker": _docker(decoded),
    }


def _timings(exchange: Exchange) -> dict[str, float]:
    """Compute the timings in milliseconds. Connection setup is not part of an exchange, so it is unknown."""
    responded = exchange.response.at if exchange.response else exchange.duration
    sent = min(exchange.request.body.ended_at or 0.0, responded)
    parts = {"send": sent, "wait": responded - sent, "receive": exchange.duration - responded}
    known = {name: round(max(0.0, seconds) * 1000, 3) for name, seconds in parts.items()}
    return {"blocked": UNKNOWN, "dns": UNKNOWN, "connect": UNKNOWN, "ssl": UNKNOWN, **known}


def _request(decoded: DecodedCall) -> dict[str, Any]:
    exchange, request = decoded.exchange, decoded.exchange.request
    head = f"{request.method} {request.target} HTTP/{request.version}"
    return {
        "method": request.method,
        "url": absolute_url(exchange),
        "httpVersion": f"HTTP/{request.version}",
        "cookies": [],
        "headers": _pairs(_fields(request.headers)),
        "queryString": _pairs(decoded.call.query),
        **({"postData": _post_data(request.headers, request.body)} if request.body.size else {}),
        "headersSize": UNKNOWN if request.version == HTTP2 else _head_size(head, request.headers),
        "bodySize": request.body.size,
    }


def _post_data(headers: Headers, body: Body) -> dict[str, Any]:
    text = _text(body.data)
    coded = {"_encoding": text["encoding"]} if "encoding" in text else {}
    return {
        "mimeType": headers.text("content-type", "application/octet-stream"),
        "params": [],
        "text": text["text"],
        **coded,
        **_comment(body),
    }


def _response(response: Response) -> dict[str, Any]:
    status_line = f"HTTP/{response.version} {response.status} {response.reason}"
    return {
        "status": response.status,
        "statusText": response.reason,
        "httpVersion": f"HTTP/{response.version}",
        "cookies": [],
        "headers": _pairs(_fields(response.headers)),
        "content": {
            "size": response.body.size,
            "mimeType": response.headers.text("content-type", "x-unknown"),
            **_text(response.body.data),
            **_comment(response.body),
        },
        "redirectURL": response.headers.text("location"),
        "headersSize": UNKNOWN if response.version == HTTP2 else _head_size(status_line, response.headers),
        "bodySize": response.body.size,
    }


def _no_response(exchange: Exchange) -> dict[str, Any]:
    """Return an empty response, as Chromium writes it."""
    return {
        "status": 0,
        "statusText": "",
        "httpVersion": "",
        "cookies": [],
        "headers": [],
        "content": {"size": 0, "mimeType": "x-unknown"},
        "redirectURL": "",
        "headersSize": UNKNOWN,
        "bodySize": UNKNOWN,
        "_error": "; ".join(exchange.problems) or "no response",
    }


def _docker(decoded: DecodedCall) -> dict[str, Any]:
    exchange, call, response = decoded.exchange, decoded.call, decoded.exchange.response
    build = decoded.build.summary()
    return ({"build": build} if build else {}) | {
        "id": exchange.id,
        "operation": call.operation.id or None,
        "version": call.version,
        "arguments": call.arguments,
        "errors": list(decoded.errors),
        "problems": list(exchange.problems),
        "notes": list(decoded.notes),
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
    streams = {"to_server": tunnel.to_server, "to_client": tunnel.to_client}
    return {"protocol": tunnel.protocol} | {
        name: _stream(body)
        | {"data": [{"at": round(chunk.at, 6), **_text(chunk.data)} for chunk in body.chunks]}
        for name, body in streams.items()
    }


def _stream(body: Body) -> dict[str, Any]:
    """Describe a stream. ``chunks``: seconds since the entry began and bytes, of each chunk kept.

    ``sha256`` is the digest of the whole stream if not all of it was kept.
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


def _comment(body: Body) -> dict[str, str]:
    if not body.shown:
        return {"comment": "withheld: it contains secrets"}
    return {"comment": f"{body.kept} of {body.size} bytes kept"} if body.cut else {}


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
    """Count the bytes from the first line to the empty line."""
    return len(first_line) + 2 + sum(len(name) + len(value) + 4 for name, value in headers) + 2
