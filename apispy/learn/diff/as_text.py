"""A difference as lines of text. They contain text from the wire: escape them before printing."""

from collections.abc import Iterable

from apispy.learn.diff.compare import CaptureDifference, CaptureSummary, Change, Pair
from apispy.learn.diff.facts import NO_RESPONSE, CallFacts
from apispy.learn.explain.layout import BLANK, Line, paragraph, table
from apispy.learn.wording import count

MAX_VALUE_LENGTH = 60
"""Characters of a value that are shown."""

MAX_NUMBERS = 6
"""Call numbers shown for a group."""

KIND_TEXT = {"answer": "response", "answer header": "response header"}
"""Kinds that are printed with another name than in --json."""


def diff_lines(found: CaptureDifference, width: int) -> list[Line]:
    """Format the difference in at most *width* columns, where words allow it."""
    lines = table([("A", _about(found.a)), ("B", _about(found.b))], width, indent=0)
    if found.versions_differ:
        versions = f"{_versions(found.a)} -> {_versions(found.b)}"
        lines += [BLANK, *paragraph(f"API version  {versions}", width, indent=0, style="bold")]
    for title, calls in (("Only in A", found.only_a), ("Only in B", found.only_b)):
        if calls:
            lines += [BLANK, Line(title, "bold"), *_only(calls, width)]
    for pairs in _group(found.changed):
        lines += [BLANK, *_changed(pairs, width)]
    return [*lines, BLANK, Line(_verdict(found))]


def _versions(capture: CaptureSummary) -> str:
    return " ".join(capture.versions) or "none"


def _about(capture: CaptureSummary) -> str:
    versions = f", API {' '.join(capture.versions)}" if capture.versions else ""
    return f"{capture.name}: {count(capture.calls, 'call')}{versions}"


def _verdict(found: CaptureDifference) -> str:
    if not found:
        return f"No difference: {count(found.same, 'call')} on both sides."
    return (
        f"{count(found.same, 'call')} unchanged, {len(found.changed)} changed, "
        f"{len(found.only_a)} only in A, {len(found.only_b)} only in B."
    )


def _only(calls: Iterable[CallFacts], width: int) -> list[Line]:
    groups: dict[tuple[str, str], list[int]] = {}
    for call in calls:
        groups.setdefault((call.line, _arguments(call)), []).append(call.number)
    rows = [
        (_numbers(numbers), f"{line} {arguments}".rstrip()) for (line, arguments), numbers in groups.items()
    ]
    return table(rows, width)


def _arguments(call: CallFacts) -> str:
    """Format the arguments and parameters that distinguish a call from others of its operation."""
    return " ".join(
        f"{place}={_short(value)}" for (kind, place), value in call.request_facts if kind in ("path", "query")
    )


def _group(pairs: Iterable[Pair]) -> list[list[Pair]]:
    """Group the pairs with the same changes, ordered by the first of each group."""
    groups: dict[tuple[str, tuple[Change, ...]], list[Pair]] = {}
    for pair in pairs:
        groups.setdefault((pair.a.line, pair.changes), []).append(pair)
    return list(groups.values())


def _changed(pairs: list[Pair], width: int) -> list[Line]:
    first = pairs[0].a
    numbers = (
        f"A {_numbers([pair.a.number for pair in pairs])}, B {_numbers([pair.b.number for pair in pairs])}"
    )
    head = paragraph(f"{first.operation or 'unknown call'}  {first.line}  ({numbers})", width, style="bold")
    rows = [
        (
            f"{KIND_TEXT.get(change.kind, change.kind)} {change.place}".strip(),
            f"{_value(change.a)} -> {_value(change.b)}",
        )
        for change in pairs[0].changes
    ]
    return head + table(rows, width)


def _value(value: str | None) -> str:
    if value == NO_RESPONSE:
        return "no response"
    return "none" if value is None else _short(value)


def _short(value: str) -> str:
    return value if len(value) <= MAX_VALUE_LENGTH else f"{value[: MAX_VALUE_LENGTH - 3]}..."


def _numbers(numbers: list[int]) -> str:
    shown = " ".join(f"#{number}" for number in numbers[:MAX_NUMBERS])
    return f"{shown} and {len(numbers) - MAX_NUMBERS} more" if len(numbers) > MAX_NUMBERS else shown
