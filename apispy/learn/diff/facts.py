"""What of one call is compared: plain facts, each with its kind, its place and its value as text."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from apispy.engine import Call
from apispy.engine.parameters import parameters
from apispy.engine.shapes import response_shape
from apispy.learn.diff.ignored_differences import (
    CREDENTIALS,
    EMPTY,
    EMPTY_QUERY,
    FIELDS,
    QUERY,
    RANDOM_NAME,
    REQUEST_HEADERS,
    RESPONSE_HEADERS,
    settled,
)
from apispy.learn.diff.shape import Shapes, shapes_of
from apispy.learn.name_registry import NameRegistry
from apispy.model import Direction, Exchange, Headers, Item

Kind = Literal["path", "query", "header", "body", "status", "answer header", "stream", "answer", "value"]
"""``path``, ``query``, ``header`` and ``body`` are of the request; ``answer`` is the shape of the response's JSON,
``value`` what it says."""

Place = tuple[Kind, str]

DEEPEST = 40
LONGEST = 2_000
"""Characters of a value that are compared."""

DIRECTIONS: tuple[Direction, ...] = ("request", "response", "to_server", "to_client")


class Read(Protocol):
    """A call that was read, as ``pipeline.read`` gives it."""

    @property
    def exchange(self) -> Exchange: ...
    @property
    def call(self) -> Call: ...
    @property
    def items(self) -> Mapping[Direction, tuple[Item, ...]]: ...


@dataclass(frozen=True, slots=True)
class Seen:
    """One call as it is compared."""

    number: int  # of the exchange
    operation: str  # Docker's operationId; "" for a call that is not known
    line: str  # "POST /containers/{id}/start"
    version: str  # of the API, as the client typed it; ""
    facts: dict[Place, str]
    shapes: Shapes  # of the answer's JSON

    @property
    def asked(self) -> tuple[tuple[Place, str], ...]:
        """What the client said."""
        kinds = ("path", "query", "header", "body")
        return tuple(sorted((place, value) for place, value in self.facts.items() if place[0] in kinds))

    @property
    def named(self) -> tuple[tuple[Place, str], ...]:
        """What the request's line says of which thing it is about."""
        return tuple(sorted((place, value) for place, value in self.facts.items() if place[0] == "path"))


def all_seen(reads: Iterable[Read], *, values: bool = False) -> list[Seen]:
    """The facts of the calls of a capture. With *values* those of the answers belong to them, not only their shape."""
    reads = list(reads)
    names = _names(reads)
    return [_seen(read, names, values) for read in reads]


NAMING = frozenset(("ContainerCreate", "NetworkCreate", "ServiceCreate", "SecretCreate", "ConfigCreate"))
"""Operations in which a client gives a name. Others tell of names that Docker made up."""

_ID = re.compile(r"\b(?:[0-9a-f]{64}|[0-9a-f]{12}|[0-9a-z]{25})\b")


def _names(reads: list[Read]) -> NameRegistry:
    memory = NameRegistry()
    for read in reads:
        if read.call.operation.id in NAMING:
            memory.learn(read.call, _json(read, "request"), _json(read, "response"))
    return memory


def _seen(read: Read, names: NameRegistry, values: bool) -> Seen:
    exchange, call = read.exchange, read.call
    answers = _json(read, "response")
    status = exchange.response.status if exchange.response else 0
    described = response_shape(call.operation.id, status, call.version) if call.known else None
    if described is not None and described.kind == "any":
        described = None
    said = {place: _text(value, names) for place, value in (*_asked(read), *_answered(read, values))}
    path = call.operation.path if call.known else settled(call.path)
    return Seen(
        number=exchange.id,
        operation=call.operation.id,
        line=f"{exchange.request.method} {path}",
        version=call.version or "",
        facts=said,
        shapes=shapes_of(answers, described),
    )


def _asked(read: Read) -> Iterator[tuple[Place, str]]:
    for name, value in read.call.arguments.items():
        yield ("path", name), "<random>" if RANDOM_NAME.fullmatch(value) else value
    numbers = {row.name for row in parameters(read.call.operation.id) if row.type == "integer"}
    for name, value in _merged(read.call.parameters).items():
        if name not in QUERY and value not in EMPTY_QUERY and not (value == "0" and name in numbers):
            yield ("query", name), value
    request = read.exchange.request
    for place, value in _headers("header", request.headers, REQUEST_HEADERS):
        if request.body.size or place[1] != "content-type":  # of no content, the type says nothing
            yield place, value
    for value in _json(read, "request")[:1]:
        for path, text in _flat(value, "", 0):
            if text not in _NOTHING:
                yield ("body", path), text


def _answered(read: Read, values: bool) -> Iterator[tuple[Place, str]]:
    response, tunnel = read.exchange.response, read.exchange.tunnel
    yield ("status", ""), str(response.status) if response else "no answer"
    if response is not None:
        yield from _headers("answer header", response.headers, RESPONSE_HEADERS)
    if tunnel is not None:
        yield ("stream", "tunnel"), tunnel.protocol
    for direction in DIRECTIONS:
        kinds = {item.kind for item in read.items.get(direction, ()) if item.kind not in ("json", "problem")}
        if kinds:
            yield ("stream", direction), ", ".join(sorted(kinds))
    for number, answer in enumerate(_json(read, "response") if values else (), 1):
        for path, text in _flat(answer, "", 0):
            yield ("value", f"{number}: {path}" if number > 1 else path), text


def _headers(kind: Kind, headers: Headers, names: tuple[str, ...]) -> Iterator[tuple[Place, str]]:
    for name in names:
        if name in headers:
            yield (kind, name), "given" if name in CREDENTIALS else headers.text(name)


def _merged(parameters: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """One value for each name; of JSON its own order of keys does not matter."""
    found: dict[str, list[str]] = {}
    for name, value in parameters:
        found.setdefault(name, []).append(_ordered(value))
    return {name: " ".join(values) for name, values in found.items()}


def _ordered(value: str) -> str:
    if value[:1] not in ("{", "["):
        return value
    try:
        return json.dumps(json.loads(value), sort_keys=True)
    except (ValueError, RecursionError):
        return value


def _flat(value: Any, path: str, depth: int) -> Iterator[tuple[str, str]]:
    """Every value with its path: {"HostConfig.AutoRemove": "true", "Cmd": '["sh"]'}. A list of plain values is one."""
    if isinstance(value, dict) and value and depth < DEEPEST:
        for name, part in value.items():
            if name not in FIELDS:
                yield from _flat(part, f"{path}.{settled(name)}" if path else settled(name), depth + 1)
    elif (
        isinstance(value, list) and depth < DEEPEST and any(isinstance(part, (dict, list)) for part in value)
    ):
        for number, part in enumerate(value):
            yield from _flat(part, f"{path}[{number}]", depth + 1)
    else:
        yield path, json.dumps(value, ensure_ascii=False, sort_keys=True)


def _text(value: str, names: NameRegistry) -> str:
    """*value* with the names that clients gave in place of ids, and without what is volatile."""
    return settled(_ID.sub(lambda found: names.name_of(found[0]) or found[0], value[:LONGEST]))


def _json(read: Read, direction: Direction) -> list[Any]:
    return [item.value for item in read.items.get(direction, ()) if item.kind == "json"]


_NOTHING = frozenset(json.dumps(value) for value in EMPTY)
