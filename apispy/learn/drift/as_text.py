"""Drift as lines of text. They contain text from the wire: escape them before printing."""

from collections.abc import Iterable
from itertools import groupby

from apispy.learn.drift.collect import Difference, Drift
from apispy.learn.explain.layout import BLANK, Line, table
from apispy.learn.wording import count


def drift_lines(drift: Drift, width: int) -> list[Line]:
    """Format the differences by operation, and the known ones after them."""
    versions = ", ".join(f"API {version} ({calls})" for version, calls in sorted(drift.compared.items()))
    compared = sum(drift.compared.values())
    lines = [
        Line(
            f"{compared} of {count(drift.calls, 'call')} compared{f': {versions}' if versions else ''}",
            "bold",
        )
    ]
    lines += _grouped(drift.differences, width)
    if drift.known:
        lines += [
            BLANK,
            Line("Known: every Docker daemon differs here", "bold"),
            *_grouped(drift.known, width),
        ]
    if drift.beyond:
        lines += [BLANK, Line(f"{drift.beyond} more differences are not listed.")]
    verdict = count(len(drift.differences), "difference") if drift.differences else "No difference"
    return [*lines, BLANK, Line(f"{verdict}{f', {len(drift.known)} known' if drift.known else ''}.")]


def _grouped(found: Iterable[Difference], width: int) -> list[Line]:
    lines = []
    for (operation, version), group in groupby(found, key=lambda one: (one.operation, one.version)):
        rows = [(count(one.calls, "call"), f"{_what(one)} ({one.first})") for one in group]
        lines += [BLANK, Line(f"{operation}, API {version}"), *table(rows, width)]
    return lines


def _what(one: Difference) -> str:
    example = f": {one.example}" if one.example else ""
    match one.kind:
        case "operation":
            return "the operation is not described"
        case "status":
            return f"status {one.place} is not described"
        case "unknown":
            return f"{one.place} is not described{example}"
        case "missing":
            return f"{one.place} is missing, and is required"
        case "type":
            return f"{one.place} is {one.found}, described is {one.expected}{example}"
    return f"{one.place} is {one.found}, described are {one.expected}"
