"""Which texts in a plain capture its client made up, so that another run has others in their place."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

from apispy.engine.operation import Call
from apispy.model import Exchange
from apispy.replay.recorded_calls import RecordedCall
from apispy.replay.variables import MADE_UP, UUID

NAMING_QUERY = frozenset(("name", "repo", "tag", "t"))
"""Parameters in which a client gives a name to what it makes."""

NAMING_METHODS = ("POST", "PUT")

TEXT_LIMIT = 1 << 20
"""Bytes of a body that are looked through."""


def made_up(entries: list[RecordedCall]) -> set[str]:
    """Random parts of names that a client gave, and UUIDs, which no answer had told before."""
    told: set[str] = set()
    found: set[str] = set()
    for _, order, entry in sorted(_moments(entries), key=lambda moment: moment[:2]):
        if order:
            told.update(hit[0] for hit in MADE_UP.finditer(_answer(entry.exchange)))
        else:
            found.update(text for text in _given(entry) if text not in told)
    return found


def _moments(entries: list[RecordedCall]) -> Iterator[tuple[float, int, RecordedCall]]:
    for entry in entries:
        exchange = entry.exchange
        yield entry.asked_at, 0, entry
        if exchange.response is not None:
            yield exchange.started + exchange.response.at, 1, entry


def _answer(exchange: Exchange) -> str:
    response = exchange.response
    return response.body.data[:TEXT_LIMIT].decode("latin-1") if response else ""


def _given(entry: RecordedCall) -> Iterator[str]:
    request = entry.exchange.request
    body = request.body.data[:TEXT_LIMIT].decode("latin-1")
    if "json" not in request.headers.text("content-type"):
        body = ""
    for text in (unquote_plus(request.target), body):
        yield from (hit[0] for hit in UUID.finditer(text))
    if request.method in NAMING_METHODS:
        for name in _names(entry.call, body):
            yield from (hit[0] for hit in MADE_UP.finditer(name))


def _names(call: Call, body: str) -> Iterator[str]:
    for name, value in call.query:
        if name in NAMING_QUERY:
            yield value
    value = _json(body)
    if isinstance(value, dict) and isinstance(value.get("Name"), str):
        yield value["Name"]


def _json(body: str) -> Any:
    try:
        return json.loads(body.encode("latin-1")) if body else None
    except (ValueError, RecursionError):
        return None
