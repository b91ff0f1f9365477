"""An exchange as the JSON value of one line, and back: nothing of it is lost. docs/captures.md describes the lines."""

from datetime import UTC, datetime
from typing import Any, get_args

from apispy import engine
from apispy.capture.content import content, data_of
from apispy.capture.item_json import seen_json, seen_of
from apispy.capture.validation import JsonObject, Malformed, malformed, pair, seconds, text_pair, whole
from apispy.model import Body, Chunk, End, Exchange, Headers, Redaction, Request, Response, Tunnel

FORMAT = 1
"""The number of the format that is written. With a new one goes a function in migrate.py and a saved old file."""


def to_json(exchange: Exchange) -> dict[str, Any]:
    """What stands first finds the exchange without reading the whole line; what is ``derived`` is never read back."""
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
        "request": _request(exchange.request),
        "response": response and _response(response),
        "tunnel": tunnel
        and {
            "protocol": tunnel.protocol,
            "to_server": _body(tunnel.to_server),
            "to_client": _body(tunnel.to_client),
        },
    }


def from_json(value: Any) -> Exchange:
    """Raises Malformed, which tells the place."""
    record = JsonObject(value)
    response, tunnel = record.record_or_none("response"), record.record_or_none("tunnel")
    return Exchange(
        id=record.whole("exchange", 1),
        connection=record.whole("connection"),
        started=record.seconds("started"),
        client=record.text("client"),
        upstream=record.text("upstream"),
        request=_request_of(record.record("request")),
        response=_response_of(response) if response else None,
        tunnel=_tunnel_of(tunnel) if tunnel else None,
        end=record.one_of("end", get_args(End)),  # type: ignore[arg-type]
        duration=record.seconds("duration"),
        problems=tuple(_texts(record, "problems")),
        redactions=tuple(_redaction_of(JsonObject(*one)) for one in record.items("redactions")),
    )


def _derived(exchange: Exchange) -> dict[str, Any]:
    """For people and grep."""
    call = engine.lookup(exchange.request.method, exchange.request.target)
    when = datetime.fromtimestamp(exchange.started, UTC).isoformat(timespec="milliseconds")
    status = exchange.response.status if exchange.response else None
    return {"time": when, "operation": call.operation.id or None, "status": status}


# -- messages --


def _request(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "target": request.target,
        "version": request.version,
        "at": request.at,
        "headers": _headers(request.headers),
        "body": _body(request.body),
    }


def _request_of(record: JsonObject) -> Request:
    return Request(
        method=record.text("method"),
        target=record.text("target"),
        version=record.text("version"),
        headers=_headers_of(record, "headers"),
        body=_body_of(record.record("body")),
        at=record.seconds("at"),
    )


def _response(response: Response) -> dict[str, Any]:
    return {
        "status": response.status,
        "reason": response.reason,
        "version": response.version,
        "at": response.at,
        "headers": _headers(response.headers),
        "body": _body(response.body),
    }


def _response_of(record: JsonObject) -> Response:
    return Response(
        status=record.whole("status"),
        reason=record.text("reason"),
        version=record.text("version"),
        headers=_headers_of(record, "headers"),
        body=_body_of(record.record("body")),
        at=record.seconds("at"),
    )


def _tunnel_of(record: JsonObject) -> Tunnel:
    to_server, to_client = (_body_of(record.record(name)) for name in ("to_server", "to_client"))
    return Tunnel(record.text("protocol"), to_server, to_client)


def _redaction_of(record: JsonObject) -> Redaction:
    return Redaction(record.text("place"), record.text("token"), record.text("kind"))


def _texts(record: JsonObject, name: str) -> list[str]:
    found = record.items(name)
    for one, place in found:
        if not isinstance(one, str):
            raise malformed(place, "a string", one)
    return [one for one, _ in found]


def _headers(headers: Headers) -> list[list[str]]:
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]


def _headers_of(record: JsonObject, name: str) -> Headers:
    pairs = [(text_pair(one, place), place) for one, place in record.items(name)]
    return Headers(tuple((_latin(key, place), _latin(value, place)) for (key, value), place in pairs))


def _latin(text: str, place: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise malformed(place, "characters that stand for one byte each", text) from None


# -- bodies --


def _body(body: Body) -> dict[str, Any]:
    """What is as it mostly is, is left out."""
    found: dict[str, Any] = {"size": body.size, "ended_at": body.ended_at}
    if body.chunks:
        found["chunks"] = [[chunk.at, len(chunk.data)] for chunk in body.chunks]
        found |= content(body.data)
    if body.trailers:
        found["trailers"] = _headers(body.trailers)
    if not body.shown:
        found["shown"] = False
    if body.digest:
        found["sha256"] = body.digest
    if body.seen:
        found["seen"] = [seen_json(one) for one in body.seen]
    return found


def _body_of(record: JsonObject) -> Body:
    chunks = _chunks(record)
    size = record.whole("size")  # less than what was kept, if the token of a secret is longer than the secret
    ended = record.seconds("ended_at") if record.given("ended_at") else None
    return Body(
        chunks=chunks,
        size=size,
        trailers=_headers_of(record, "trailers"),
        ended_at=ended,
        shown=record.flag("shown", True),
        digest=record.text("sha256", ""),
        seen=tuple(seen_of(one, place) for one, place in record.items("seen")),
    )


def _chunks(record: JsonObject) -> tuple[Chunk, ...]:
    edges = [_edge(one, place) for one, place in record.items("chunks")]
    data = data_of(record) if edges else b""
    if sum(length for _, length in edges) != len(data):
        found = sum(length for _, length in edges)
        raise Malformed(f"{record.place}.chunks: expected lengths that come to {len(data)}, found {found}")
    start, chunks = 0, []
    for at, length in edges:
        chunks.append(Chunk(at, data[start : start + length]))
        start += length
    return tuple(chunks)


def _edge(value: Any, place: str) -> tuple[float, int]:
    at, length = pair(value, place)
    return seconds(at, place), whole(length, place)
