"""What stands on the request's line: which operation, of what, with which parameters, in which version."""

from collections.abc import Iterable, Iterator
from typing import Any

from apispy.engine.operation import Call
from apispy.engine.parameters import parameters
from apispy.redaction.query import json_in
from apispy.replay.matching import ignored_differences
from apispy.replay.matching.base import Difference, Question, matcher
from apispy.replay.matching.json_equivalence import unify
from apispy.replay.matching.version_validity import why_not_valid


@matcher(
    "operation",
    "The operation; for requests that match no known operation, the method and path. Always compared.",
)
def operation(question: Question) -> Iterator[Difference]:
    recorded, live = question.recorded.name, question.live.name
    if recorded != live:
        yield Difference("operation", recorded, live)


@matcher("version", "The API version: the same, or one for which the recorded response is valid too.")
def version(question: Question) -> Iterator[Difference]:
    recorded, live = question.recorded.call, question.live.call
    if recorded.version != live.version and (why := why_not_valid(question)):
        yield Difference("API version", recorded.version or "none", live.version or "none", why)


@matcher("path", "Names and IDs in the path, however they are escaped.")
def path(question: Question) -> Iterator[Difference]:
    recorded, live = question.recorded.call.arguments, question.live.call.arguments
    for name in recorded.keys() | live.keys():
        if not question.unifier.same(recorded.get(name, ""), live.get(name, "")):
            yield Difference(f"path {{{name}}}", recorded.get(name), live.get(name))


@matcher(
    "query",
    "Parameters in any order; times close to now and a build's own ID may differ.",
)
def query(question: Question) -> Iterator[Difference]:
    operation = question.recorded.call.operation.id
    numbers = {row.name for row in parameters(operation) if row.type == "integer"}
    recorded, live = (_values(call, numbers) for call in (question.recorded.call, question.live.call))
    for name in sorted(recorded.keys() | live.keys()):
        if (operation, name) in ignored_differences.SIZES:
            continue
        yield from _parameter(question, name, recorded.get(name, []), live.get(name, []))


def _parameter(question: Question, name: str, recorded: list[str], live: list[str]) -> Iterable[Difference]:
    if len(recorded) != len(live):
        return [Difference(f"query {name}", _one(recorded), _one(live))]
    return [
        difference
        for one, other in zip(recorded, live, strict=True)
        for difference in _value(question, name, one, other)
    ]


def _value(question: Question, name: str, recorded: str, live: str) -> Iterable[Difference]:
    if ignored_differences.same_by_name(
        question.unifier, name, recorded, live, question.recorded.started, question.live.started
    ):
        return []
    one, other = json_in(recorded), json_in(live)
    if one is not None and other is not None:
        return list(unify(question.unifier, one, other, f"query {name} $"))
    return [] if question.unifier.same(recorded, live) else [Difference(f"query {name}", recorded, live)]


def _values(call: Call, numbers: set[str]) -> dict[str, list[str]]:
    """Those that say something: to the daemon an empty one is as good as none."""
    found: dict[str, list[str]] = {}
    for name, value in call.parameters:
        if value not in ignored_differences.EMPTY_QUERY and not (value == "0" and name in numbers):
            found.setdefault(name, []).append(value)
    return found


def _one(values: list[str]) -> Any:
    return None if not values else values[0] if len(values) == 1 else values
