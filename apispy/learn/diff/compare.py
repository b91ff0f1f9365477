"""Aligns the calls of two captures and finds their differences."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable

from apispy.learn.diff.facts import CallFacts, Kind, Place, collect_facts
from apispy.learn.diff.shape import comparable
from apispy.learn.read_call import ReadCall
from apispy.structs import Struct


class Change(Struct, frozen=True):
    """A fact that differs. None: that side does not have it."""

    kind: Kind
    place: str
    a: str | None
    b: str | None


class Pair(Struct, frozen=True):
    """A call that is in both captures, and its changes."""

    a: CallFacts
    b: CallFacts
    changes: tuple[Change, ...]


class CaptureSummary(Struct, frozen=True):
    """One side of the comparison: its number of calls and API versions."""

    name: str
    calls: int
    versions: tuple[str, ...]  # from the request paths, in order of appearance


class CaptureDifference(Struct, frozen=True):
    """All differences between two captures."""

    a: CaptureSummary
    b: CaptureSummary
    only_a: tuple[CallFacts, ...]
    only_b: tuple[CallFacts, ...]
    changed: tuple[Pair, ...]
    same: int  # pairs without any change

    @property
    def versions_differ(self) -> bool:
        return set(self.a.versions) != set(self.b.versions)

    def __bool__(self) -> bool:
        """Whether the captures differ."""
        return bool(self.only_a or self.only_b or self.changed or self.versions_differ)


def compare_captures(
    a: Iterable[ReadCall], b: Iterable[ReadCall], names: tuple[str, str] = ("A", "B"), *, values: bool = False
) -> CaptureDifference:
    """Compare the calls of *a* and *b*, each in the order of its capture.

    *values* also compares the values in responses, not only their shape. Time grows with the number of calls.
    """
    facts_a, facts_b = collect_facts(a, values=values), collect_facts(b, values=values)
    pairs, only_a, only_b = _align(facts_a, facts_b)
    compared = [Pair(call_a, call_b, _changes(call_a, call_b)) for call_a, call_b in pairs]
    changed = tuple(pair for pair in compared if pair.changes)
    return CaptureDifference(
        _capture(names[0], facts_a),
        _capture(names[1], facts_b),
        tuple(only_a),
        tuple(only_b),
        changed,
        len(compared) - len(changed),
    )


Key = Callable[[CallFacts], Hashable]

MATCH_KEYS: tuple[Key, ...] = (
    lambda call: (call.line, call.request_facts, call.facts["status", ""]),
    lambda call: (call.line, call.request_facts),
    lambda call: (call.line, call.path_facts),
    lambda call: call.line,
)
"""Keys that pair calls, strictest first. Duplicates are paired in order. The order of concurrent calls does not
matter, nor does which capture is A."""


def _align(
    a: list[CallFacts], b: list[CallFacts]
) -> tuple[list[tuple[CallFacts, CallFacts]], list[CallFacts], list[CallFacts]]:
    pairs: list[tuple[CallFacts, CallFacts]] = []
    for key in MATCH_KEYS:
        waiting: dict[Hashable, list[CallFacts]] = defaultdict(list)
        for call in reversed(b):
            waiting[key(call)].append(call)
        left = []
        for call in a:
            if candidates := waiting[key(call)]:
                pairs.append((call, candidates.pop()))
            else:
                left.append(call)
        rest = {id(call) for calls in waiting.values() for call in calls}
        a, b = left, [call for call in b if id(call) in rest]
    return sorted(pairs, key=lambda pair: pair[0].number), a, b


def _changes(a: CallFacts, b: CallFacts) -> tuple[Change, ...]:
    found = []
    for kind, place in sorted(a.facts.keys() | b.facts.keys(), key=_order):
        value_a, value_b = a.facts.get((kind, place)), b.facts.get((kind, place))
        if value_a != value_b:
            found.append(Change(kind, place, value_a, value_b))
    if a.facts["status", ""] == b.facts["status", ""]:  # errors have another shape than results
        found.extend(_shape_changes(a, b))
    return tuple(found)


def _shape_changes(a: CallFacts, b: CallFacts) -> list[Change]:
    found = []
    for path in sorted(a.shapes.keys() | b.shapes.keys()):
        value_a, value_b = a.shapes.get(path), b.shapes.get(path)
        if value_a != value_b and comparable(path, a.shapes) and comparable(path, b.shapes):
            found.append(Change("answer", path.removeprefix(".") or "the whole", value_a, value_b))
    return found


KIND_ORDER: tuple[Kind, ...] = (
    "path", "query", "header", "body", "status", "answer header", "stream", "answer", "value",
)  # fmt: skip


def _order(place: Place) -> tuple[int, str]:
    return KIND_ORDER.index(place[0]), place[1]


def _capture(name: str, calls: list[CallFacts]) -> CaptureSummary:
    versions = dict.fromkeys(call.version for call in calls if call.version)
    return CaptureSummary(name, len(calls), tuple(versions))
