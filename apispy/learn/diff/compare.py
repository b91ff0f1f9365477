"""Aligns two captures, and tells what differs between them."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

from apispy.learn.diff.facts import Kind, Place, Read, Seen, all_seen
from apispy.learn.diff.shape import comparable


@dataclass(frozen=True, slots=True)
class Change:
    """One fact that differs. None: there is no such thing on that side."""

    kind: Kind
    place: str
    a: str | None
    b: str | None


@dataclass(frozen=True, slots=True)
class Pair:
    """The same call in both captures, and what differs in it."""

    a: Seen
    b: Seen
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Capture:
    """What one side is, in a line: how many calls, which versions of the API."""

    name: str
    calls: int
    versions: tuple[str, ...]  # those that the client named, as they first appear


@dataclass(frozen=True, slots=True)
class Difference:
    a: Capture
    b: Capture
    only_a: tuple[Seen, ...]
    only_b: tuple[Seen, ...]
    changed: tuple[Pair, ...]
    same: int  # pairs without any change

    @property
    def versions_differ(self) -> bool:
        return set(self.a.versions) != set(self.b.versions)

    def __bool__(self) -> bool:
        """Whether they differ."""
        return bool(self.only_a or self.only_b or self.changed or self.versions_differ)


def difference(
    a: Iterable[Read], b: Iterable[Read], names: tuple[str, str] = ("A", "B"), *, values: bool = False
) -> Difference:
    """What differs between the calls of *a* and *b*, read in the order of the captures.

    With *values* what the answers say is compared too, not only their shape. Time grows with the number of calls.
    """
    ours, theirs = all_seen(a, values=values), all_seen(b, values=values)
    pairs, only_a, only_b = _align(ours, theirs)
    compared = [Pair(one, two, _changes(one, two)) for one, two in pairs]
    changed = tuple(pair for pair in compared if pair.changes)
    return Difference(
        _capture(names[0], ours),
        _capture(names[1], theirs),
        tuple(only_a),
        tuple(only_b),
        changed,
        len(compared) - len(changed),
    )


Key = Callable[[Seen], Hashable]

KEYS: tuple[Key, ...] = (
    lambda call: (call.line, call.asked, call.facts["status", ""]),
    lambda call: (call.line, call.asked),
    lambda call: (call.line, call.named),
    lambda call: call.line,
)
"""What makes two calls one, the strictest first. Of several that are alike, the first belongs to the first: so calls
that run beside each other may change their order, and the sides may change places."""


def _align(a: list[Seen], b: list[Seen]) -> tuple[list[tuple[Seen, Seen]], list[Seen], list[Seen]]:
    pairs: list[tuple[Seen, Seen]] = []
    for key in KEYS:
        waiting: dict[Hashable, list[Seen]] = defaultdict(list)
        for call in reversed(b):
            waiting[key(call)].append(call)
        left = []
        for call in a:
            if fitting := waiting[key(call)]:
                pairs.append((call, fitting.pop()))
            else:
                left.append(call)
        rest = {id(call) for calls in waiting.values() for call in calls}
        a, b = left, [call for call in b if id(call) in rest]
    return sorted(pairs, key=lambda pair: pair[0].number), a, b


def _changes(a: Seen, b: Seen) -> tuple[Change, ...]:
    found = []
    for kind, place in sorted(a.facts.keys() | b.facts.keys(), key=_order):
        one, two = a.facts.get((kind, place)), b.facts.get((kind, place))
        if one != two:
            found.append(Change(kind, place, one, two))
    if a.facts["status", ""] == b.facts["status", ""]:  # an error has another shape than an answer
        found.extend(_shape_changes(a, b))
    return tuple(found)


def _shape_changes(a: Seen, b: Seen) -> list[Change]:
    found = []
    for path in sorted(a.shapes.keys() | b.shapes.keys()):
        one, two = a.shapes.get(path), b.shapes.get(path)
        if one != two and comparable(path, a.shapes) and comparable(path, b.shapes):
            found.append(Change("answer", path.removeprefix(".") or "the whole", one, two))
    return found


KIND_ORDER: tuple[Kind, ...] = (
    "path", "query", "header", "body", "status", "answer header", "stream", "answer", "value",
)  # fmt: skip


def _order(place: Place) -> tuple[int, str]:
    return KIND_ORDER.index(place[0]), place[1]


def _capture(name: str, calls: list[Seen]) -> Capture:
    versions = dict.fromkeys(call.version for call in calls if call.version)
    return Capture(name, len(calls), tuple(versions))
