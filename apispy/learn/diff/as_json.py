"""A difference as JSON: ``apispy diff --json``. docs/diff.md documents its fields."""

from typing import Any

from apispy.learn.diff.compare import CaptureDifference, CaptureSummary, Pair
from apispy.learn.diff.facts import CallFacts


def diff_json(found: CaptureDifference) -> dict[str, Any]:
    return {
        "differ": bool(found),
        "a": _capture(found.a),
        "b": _capture(found.b),
        "same": found.same,
        "only_a": [_call(call) for call in found.only_a],
        "only_b": [_call(call) for call in found.only_b],
        "changed": [_pair(pair) for pair in found.changed],
    }


def _capture(capture: CaptureSummary) -> dict[str, Any]:
    return {"name": capture.name, "calls": capture.calls, "versions": list(capture.versions)}


def _call(call: CallFacts) -> dict[str, Any]:
    request = [{"kind": kind, "place": place, "value": value} for (kind, place), value in call.request_facts]
    return {"id": call.number, "operation": call.operation or None, "call": call.line, "asked": request}


def _pair(pair: Pair) -> dict[str, Any]:
    changes = [
        {"kind": change.kind, "place": change.place, "a": change.a, "b": change.b} for change in pair.changes
    ]
    return {
        "operation": pair.a.operation or None,
        "call": pair.a.line,
        "a": pair.a.number,
        "b": pair.b.number,
        "changes": changes,
    }
