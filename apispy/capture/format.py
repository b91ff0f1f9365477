"""Lossless conversion between an exchange and the JSON value of its line. docs/captures.md describes the lines."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, get_args

from apispy import engine, json_codec, units
from apispy.capture.content import decode_content, encode_content
from apispy.capture.item_json import decode_seen, encode_seen
from apispy.capture.validation import (
    JsonObject,
    Malformed,
    integer,
    latin1,
    pair,
    seconds,
    strings,
    text_pair,
)
from apispy.model import Body, Chunk, End, Exchange, Headers, Redaction, Request, Response, Tunnel

FORMAT = 1
"""The format version that is written. A new version needs a function in migrate.py and a saved file of the old one."""


Embed = Callable[[bytes], Any]
"""Returns what stands in the line for the JSON of a body: its value, or a mark that is replaced."""


def to_json(exchange: Exchange, embed: Embed = json_codec.read) -> dict[str, Any]:
    """Encode an exchange.

    The first fields let a reader find an exchange without parsing the whole line. ``derived`` is never read back.
    """
    response, tunnel = exchange.response, exchange.tunnel
    return {
        "exchange": exchange.id,
        "started": exchange.started,
        "duration": exchange.duration,
        "end": exchange.end,
        "derived": _derived(exchange),
        "connection": exchange.connection,
        "client": exchange.client,
        "upstream": exchange.upstream,
        "problems": list(exchange.problems),
        "redactions": [
            {"place": one.place, "token": one.token, "kind": one.kind} for one in exchange.redactions
        ],
        "request": _encode_request(exchange.request, embed),
        "response": response and _encode_response(response, embed),
        "tunnel": tunnel
        and {
            "protocol": tunnel.protocol,
            "to_server": _encode_body(tunnel.to_server, embed),
            "to_client": _encode_body(tunnel.to_client, embed),
        },
    }


def from_json(value: Any) -> Exchange:
    """Decode an exchange. Raises Malformed, which names the place in the line."""
    record = JsonObject(value)
    response, tunnel = record.object_or_none("response"), record.object_or_none("tunnel")
    return Exchange(
        id=record.integer("exchange", 1),
        connection=record.integer("connection"),
        started=record.seconds("started"),
        client=record.text("client"),
        upstream=record.text("upstream"),
        request=_decode_request(record.object("request")),
        response=_decode_response(response) if response else None,
        tunnel=_decode_tunnel(tunnel) if tunnel else None,
        end=record.one_of("end", get_args(End)),  # type: ignore[arg-type]
        duration=record.seconds("duration"),
        problems=tuple(text for text, _ in strings(record, "problems")),
        redactions=tuple(_decode_redaction(JsonObject(*one)) for one in record.items("redactions")),
    )


def with_documents(value: Any) -> Exchange:
    """Decode an exchange, whose bodies share the JSON values in *value*, so that they are not parsed again.

    This takes several times the memory. Raises Malformed.
    """
    exchange = from_json(value)
    for name, message in (("request", exchange.request), ("response", exchange.response)):
        if message is not None and message.body.chunks and value[name]["body"]["encoding"] == "json":
            message.body.with_document(value[name]["body"]["content"])
    return exchange


def _derived(exchange: Exchange) -> dict[str, Any]:
    """Make the fields for people and grep."""
    call = engine.lookup(exchange.request.method, exchange.request.target)
    when = units.utc(exchange.started).isoformat(timespec="milliseconds")
    status = exchange.response.status if exchange.response else None
    return {"time": when, "operation": call.operation.id or None, "status": status}


# -- messages --


def _encode_request(request: Request, embed: Embed) -> dict[str, Any]:
    return {
        "method": request.method,
        "target": request.target,
        "version": request.version,
        "at": request.at,
        "headers": _encode_headers(request.headers),
        "body": _encode_body(request.body, embed),
    }


def _decode_request(record: JsonObject) -> Request:
    return Request(
        method=record.text("method"),
        target=record.text("target"),
        version=record.text("version"),
        headers=_decode_headers(record, "headers"),
        body=_decode_body(record.object("body")),
        at=record.seconds("at"),
    )


def _encode_response(response: Response, embed: Embed) -> dict[str, Any]:
    return {
        "status": response.status,
        "reason": response.reason,
        "version": response.version,
        "at": response.at,
        "headers": _encode_headers(response.headers),
        "body": _encode_body(response.body, embed),
    }


def _decode_response(record: JsonObject) -> Response:
    return Response(
        status=record.integer("status"),
        reason=record.text("reason"),
        version=record.text("version"),
        headers=_decode_headers(record, "headers"),
        body=_decode_body(record.object("body")),
        at=record.seconds("at"),
    )


def _decode_tunnel(record: JsonObject) -> Tunnel:
    to_server, to_client = (_decode_body(record.object(name)) for name in ("to_server", "to_client"))
    return Tunnel(record.text("protocol"), to_server, to_client)


def _decode_redaction(record: JsonObject) -> Redaction:
    return Redaction(record.text("place"), record.text("token"), record.text("kind"))


def _encode_headers(headers: Headers) -> list[list[str]]:
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]


def _decode_headers(record: JsonObject, name: str) -> Headers:
    fields = record.value.get(name)
    with suppress(TypeError, ValueError, AttributeError):  # what is wrong with them is found below
        if type(fields) is list and {list}.issuperset(map(type, fields)):
            return Headers(tuple([(key.encode("latin-1"), text.encode("latin-1")) for key, text in fields]))
    pairs = [(text_pair(one, place), place) for one, place in record.items(name)]
    return Headers(tuple((latin1(key, place), latin1(value, place)) for (key, value), place in pairs))


# -- bodies --


def _encode_body(body: Body, embed: Embed) -> dict[str, Any]:
    """Encode a body. Fields that have their usual value are left out."""
    found: dict[str, Any] = {"size": body.size, "ended_at": body.ended_at}
    if body.chunks:
        found["chunks"] = [[chunk.at, len(chunk.data)] for chunk in body.chunks]
        found |= encode_content(body.document, embed)
    if body.trailers:
        found["trailers"] = _encode_headers(body.trailers)
    if not body.shown:
        found["shown"] = False
    if body.digest:
        found["sha256"] = body.digest
    if body.seen:
        found["seen"] = [encode_seen(one) for one in body.seen]
    return found


def _decode_body(record: JsonObject) -> Body:
    chunks = _decode_chunks(record)
    size = record.integer("size")  # less than was kept, if a redaction token is longer than its secret
    ended = record.seconds("ended_at") if record.has("ended_at") else None
    return Body(
        chunks=chunks,
        size=size,
        trailers=_decode_headers(record, "trailers"),
        ended_at=ended,
        shown=record.flag("shown", True),
        digest=record.text("sha256", ""),
        seen=tuple(decode_seen(one, place) for one, place in record.items("seen")),
    )


def _decode_chunks(record: JsonObject) -> tuple[Chunk, ...]:
    edges = [_decode_chunk(one, place) for one, place in record.items("chunks")]
    data = decode_content(record) if edges else b""
    total = sum(length for _, length in edges)
    if total != len(data):
        raise Malformed(f"{record.place}.chunks: expected lengths that add up to {len(data)}, found {total}")
    start, chunks = 0, []
    for at, length in edges:
        chunks.append(Chunk(at, data[start : start + length]))
        start += length
    return tuple(chunks)


def _decode_chunk(value: Any, place: str) -> tuple[float, int]:
    at, length = pair(value, place)
    return seconds(at, place), integer(length, place)
