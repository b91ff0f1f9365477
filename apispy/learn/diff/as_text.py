"""A difference in lines for people. What came over the wire is in them: the printer escapes it."""

from collections.abc import Iterable

from apispy.learn.diff.compare import Capture, Change, Difference, Pair
from apispy.learn.diff.facts import Seen
from apispy.learn.explain.layout import BLANK, Line, paragraph, table

LONGEST = 60
"""Characters of a value that are shown."""

NUMBERS = 6
"""Calls of a group whose numbers are shown."""


def lines(found: Difference, width: int) -> list[Line]:
    """At most *width* columns, where that can be helped."""
    shown = table([("A", _about(found.a)), ("B", _about(found.b))], width, indent=0)
    if found.versions_differ:
        versions = f"{_versions(found.a)} -> {_versions(found.b)}"
        shown += [BLANK, *paragraph(f"API version  {versions}", width, indent=0, style="bold")]
    for title, calls in (("Only in A", found.only_a), ("Only in B", found.only_b)):
        if calls:
            shown += [BLANK, Line(title, "bold"), *_only(calls, width)]
    for pairs in _alike(found.changed):
        shown += [BLANK, *_changed(pairs, width)]
    return [*shown, BLANK, Line(_verdict(found))]


def _versions(capture: Capture) -> str:
    return " ".join(capture.versions) or "none"


def _about(capture: Capture) -> str:
    versions = f", API {' '.join(capture.versions)}" if capture.versions else ""
    return f"{capture.name}: {_count(capture.calls, 'call')}{versions}"


def _verdict(found: Difference) -> str:
    if not found:
        return f"No difference: {_count(found.same, 'call')} on both sides."
    return (
        f"{_count(found.same, 'call')} alike, {len(found.changed)} changed, "
        f"{len(found.only_a)} only in A, {len(found.only_b)} only in B."
    )


def _only(calls: Iterable[Seen], width: int) -> list[Line]:
    groups: dict[tuple[str, str], list[int]] = {}
    for call in calls:
        groups.setdefault((call.line, _words(call)), []).append(call.number)
    rows = [(_numbers(numbers), f"{line} {words}".rstrip()) for (line, words), numbers in groups.items()]
    return table(rows, width)


def _words(call: Seen) -> str:
    """What tells a call from others of its operation: its arguments and parameters."""
    return " ".join(
        f"{place}={_short(value)}" for (kind, place), value in call.asked if kind in ("path", "query")
    )


def _alike(pairs: Iterable[Pair]) -> list[list[Pair]]:
    """The pairs in which the same changed, together, in the order of the first."""
    groups: dict[tuple[str, tuple[Change, ...]], list[Pair]] = {}
    for pair in pairs:
        groups.setdefault((pair.a.line, pair.changes), []).append(pair)
    return list(groups.values())


def _changed(pairs: list[Pair], width: int) -> list[Line]:
    first = pairs[0].a
    numbers = (
        f"A {_numbers([pair.a.number for pair in pairs])}, B {_numbers([pair.b.number for pair in pairs])}"
    )
    head = paragraph(
        f"{first.operation or 'a call that is not known'}  {first.line}  ({numbers})", width, style="bold"
    )
    rows = [
        (f"{change.kind} {change.place}".strip(), f"{_side(change.a)} -> {_side(change.b)}")
        for change in pairs[0].changes
    ]
    return head + table(rows, width)


def _side(value: str | None) -> str:
    return "none" if value is None else _short(value)


def _short(value: str) -> str:
    return value if len(value) <= LONGEST else f"{value[: LONGEST - 3]}..."


def _numbers(numbers: list[int]) -> str:
    shown = " ".join(f"#{number}" for number in numbers[:NUMBERS])
    return f"{shown} and {len(numbers) - NUMBERS} more" if len(numbers) > NUMBERS else shown


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
