"""An exchange as the JSON value of one line, and back: nothing of it is lost. docs/captures.md describes the lines."""

from datetime import UTC, datetime
from typing import Any, get_args

from apispy import engine
from apispy.capture.bodies import body_json, body_of, headers_json, headers_of
from apispy.capture.fields import Record, malformed
from apispy.model import End, Exchange, Redaction, Request, Response, Tunnel

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
            "to_server": body_json(tunnel.to_server),
            "to_client": body_json(tunnel.to_client),
        },
    }


def from_json(value: Any) -> Exchange:
    """Raises Malformed, which tells the place."""
    record = Record(value)
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
        redactions=tuple(_redaction_of(Record(*one)) for one in record.items("redactions")),
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
        "headers": headers_json(request.headers),
        "body": body_json(request.body),
    }


def _request_of(record: Record) -> Request:
    return Request(
        method=record.text("method"),
        target=record.text("target"),
        version=record.text("version"),
        headers=headers_of(record, "headers"),
        body=body_of(record.record("body")),
        at=record.seconds("at"),
    )


def _response(response: Response) -> dict[str, Any]:
    return {
        "status": response.status,
        "reason": response.reason,
        "version": response.version,
        "at": response.at,
        "headers": headers_json(response.headers),
        "body": body_json(response.body),
    }


def _response_of(record: Record) -> Response:
    return Response(
        status=record.whole("status"),
        reason=record.text("reason"),
        version=record.text("version"),
        headers=headers_of(record, "headers"),
        body=body_of(record.record("body")),
        at=record.seconds("at"),
    )


def _tunnel_of(record: Record) -> Tunnel:
    to_server, to_client = (body_of(record.record(name)) for name in ("to_server", "to_client"))
    return Tunnel(record.text("protocol"), to_server, to_client)


def _redaction_of(record: Record) -> Redaction:
    return Redaction(record.text("place"), record.text("token"), record.text("kind"))


def _texts(record: Record, name: str) -> list[str]:
    found = record.items(name)
    for one, place in found:
        if not isinstance(one, str):
            raise malformed(place, "a string", one)
    return [one for one, _ in found]
