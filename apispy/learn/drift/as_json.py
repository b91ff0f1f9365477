"""Drift as a JSON value."""

from typing import Any

from apispy.learn.drift.collect import Difference, Drift


def drift_json(drift: Drift) -> dict[str, Any]:
    """Return the differences as JSON."""
    return {
        "calls": drift.calls,
        "compared": dict(sorted(drift.compared.items())),
        "differences": [_difference(one) for one in drift.differences],
        "known": [_difference(one) for one in drift.known],
        "not_listed": drift.beyond,
    }


def _difference(one: Difference) -> dict[str, Any]:
    return {
        "operation": one.operation,
        "api": one.version,
        "kind": one.kind,
        "place": one.place,
        "expected": one.expected,
        "found": one.found,
        "example": one.example,
        "calls": one.calls,
        "first": one.first,
    }
