"""Names that the client of a plain capture generated, and that differ in the next run.

Fixtures have placeholders for them, by the same rule (``apispy.engine.generated_names``).
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

from apispy.engine.generated_names import GENERATED, NAME_FIELDS, UUID
from apispy.engine.operation import Call
from apispy.model import Exchange
from apispy.replay.recorded_calls import RecordedCall

NAMING_METHODS = ("POST", "PUT")

TEXT_LIMIT = 1 << 20
"""Bytes of a body that are searched."""

MAX_DEPTH = 20
"""Levels of a body's JSON that are searched."""


def generated_texts(calls: list[RecordedCall]) -> set[str]:
    """Random parts of names and UUIDs that a client sent and no earlier response contains."""
    received: set[str] = set()
    generated: set[str] = set()
    for _, is_response, recorded in sorted(_messages(calls), key=lambda message: message[:2]):
        if is_response:
            received.update(hit[0] for hit in GENERATED.finditer(_response_text(recorded.exchange)))
        else:
            generated.update(text for text in _random_texts(recorded) if text not in received)
    return generated


def _messages(calls: list[RecordedCall]) -> Iterator[tuple[float, bool, RecordedCall]]:
    """Each request and response as (Unix seconds, whether it is a response, its call)."""
    for recorded in calls:
        exchange = recorded.exchange
        yield recorded.requested_at, False, recorded
        if exchange.response is not None:
            yield exchange.started + exchange.response.at, True, recorded


def _response_text(exchange: Exchange) -> str:
    response = exchange.response
    return response.body.data[:TEXT_LIMIT].decode("latin-1") if response else ""


def _random_texts(recorded: RecordedCall) -> Iterator[str]:
    """UUIDs anywhere in the request, and random parts of the names it gives."""
    request = recorded.exchange.request
    body = request.body.data[:TEXT_LIMIT].decode("latin-1")
    if "json" not in request.headers.text("content-type"):
        body = ""
    for text in (unquote_plus(request.target), body):
        yield from (hit[0] for hit in UUID.finditer(text))
    if request.method in NAMING_METHODS:
        for name in _names(recorded.call, body):
            yield from (hit[0] for hit in GENERATED.finditer(name))


def _names(call: Call, body: str) -> Iterator[str]:
    """The names in the query and in the JSON of a request."""
    fields = {name for name, _ in call.query}
    for name, value in call.query:
        if name in NAME_FIELDS or (
            name == "tag" and "repo" in fields
        ):  # a pull's tag is no name that it gives
            yield value
    yield from _names_in(_json(body), "", MAX_DEPTH)


def _names_in(value: Any, field: str, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        if field in NAME_FIELDS:
            yield value
    elif isinstance(value, list | dict) and depth:
        for name, part in value.items() if isinstance(value, dict) else ((field, part) for part in value):
            yield from _names_in(part, name.lower(), depth - 1)


def _json(body: str) -> Any:
    try:
        return json.loads(body.encode("latin-1")) if body else None
    except (ValueError, RecursionError):
        return None
