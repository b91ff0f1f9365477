"""The matchers ``operation``, ``version``, ``path`` and ``query``."""

from collections.abc import Iterable, Iterator
from typing import Any

from apispy.engine import versions
from apispy.engine.operation import Call
from apispy.engine.parameters import parameters, parameters_of
from apispy.engine.shapes import Shape, response_shape
from apispy.redaction.query import json_in
from apispy.replay.matching import ignored_differences
from apispy.replay.matching.json_equivalence import compare_json
from apispy.replay.matching.matcher import Difference, RequestPair, matcher

MAX_SHAPE_DEPTH = 6
"""Levels to which the descriptions of two responses are compared."""


@matcher("operation")
def operation(pair: RequestPair) -> Iterator[Difference]:
    recorded, live = pair.recorded.name, pair.live.name
    if recorded != live:
        yield Difference("operation", recorded, live)


@matcher("version")
def version(pair: RequestPair) -> Iterator[Difference]:
    recorded, live = pair.recorded.call, pair.live.call
    if recorded.version != live.version and (reason := reason_invalid(pair)):
        yield Difference("API version", recorded.version or "none", live.version or "none", reason)


@matcher("path")
def path(pair: RequestPair) -> Iterator[Difference]:
    recorded, live = pair.recorded.call.arguments, pair.live.call.arguments
    for name in recorded.keys() | live.keys():
        if not pair.unifier.matches(recorded.get(name, ""), live.get(name, "")):
            yield Difference(f"path {{{name}}}", recorded.get(name), live.get(name))


@matcher("query")
def query(pair: RequestPair) -> Iterator[Difference]:
    operation = pair.recorded.call.operation.id
    integers = {row.name for row in parameters(operation) if row.type == "integer"}
    recorded, live = (_values(call, integers) for call in (pair.recorded.call, pair.live.call))
    for name in sorted(recorded.keys() | live.keys()):
        if (operation, name) in ignored_differences.TERMINAL_SIZE_PARAMETERS:
            continue
        yield from _compare_parameter(pair, name, recorded.get(name, []), live.get(name, []))


def _compare_parameter(
    pair: RequestPair, name: str, recorded: list[str], live: list[str]
) -> Iterable[Difference]:
    if len(recorded) != len(live):
        return [Difference(f"query {name}", _one_or_all(recorded), _one_or_all(live))]
    return [
        difference
        for one, other in zip(recorded, live, strict=True)
        for difference in _compare_value(pair, name, one, other)
    ]


def _compare_value(pair: RequestPair, name: str, recorded: str, live: str) -> Iterable[Difference]:
    if ignored_differences.is_ignored(
        pair.unifier, name, recorded, live, pair.recorded.started, pair.live.started
    ):
        return []
    one, other = json_in(recorded), json_in(live)
    if one is not None and other is not None:
        return list(compare_json(pair.unifier, one, other, f"query {name} $"))
    return [] if pair.unifier.matches(recorded, live) else [Difference(f"query {name}", recorded, live)]


def _values(call: Call, integers: set[str]) -> dict[str, list[str]]:
    """The parameters without empty ones, which mean the same to the daemon as absent ones."""
    found: dict[str, list[str]] = {}
    for name, value in call.parameters:
        if value not in ignored_differences.EMPTY_VALUES and not (value == "0" and name in integers):
            found.setdefault(name, []).append(value)
    return found


def _one_or_all(values: list[str]) -> Any:
    return None if not values else values[0] if len(values) == 1 else values


def reason_invalid(pair: RequestPair) -> str:
    """Why the recorded response is invalid in the live request's API version, as a sentence; "" if it is valid.

    It is valid if both versions have the operation and all parameters of the request, and describe the response alike.
    """
    recorded, live = pair.recorded.call, pair.live.call
    one, other = (call.version or versions.NEWEST for call in (recorded, live))
    operation = recorded.operation
    if not operation.id:
        return "the operation is unknown, and so are the API versions that have it"
    for version in (one, other):
        if not operation.exists_in(version):
            return f"API {version} does not have {operation.id}"
    for version in (one, other):
        known = {row.name for row in parameters_of(operation.id, version) if row.place == "query"}
        if missing := sorted({name for name, _ in live.parameters} - known):
            return f"API {version} does not have the parameter {missing[0]} of {operation.id}"
    status = pair.status or 200
    first, second = (response_shape(operation.id, status, version) for version in (one, other))
    place = next(_contradictions(first, second, "$", 0), None) if first and second else None
    return f"the response of {operation.id} differs in API {other}: {place}" if place else ""


def _contradictions(one: Shape, other: Shape, place: str, depth: int) -> Iterator[str]:
    """Places where two descriptions contradict each other. A field that only one of them has does not count."""
    if "any" in (one.kind, other.kind) or depth > MAX_SHAPE_DEPTH:
        return
    if one.kind != other.kind:
        yield f"{place} is {one.kind} in one and {other.kind} in the other"
        return
    shapes: dict[str, Any] = {field.name: field.shape for field in other.fields}
    for field in one.fields:
        if field.name in shapes:
            yield from _contradictions(field.shape, shapes[field.name], f"{place}.{field.name}", depth + 1)
    if one.items and other.items:
        yield from _contradictions(one.items, other.items, f"{place}[]", depth + 1)
