"""A coverage report as a JSON value, and the baseline that an earlier one is."""

from typing import Any

from apispy.errors import UsageError
from apispy.learn.coverage.report import ASPECTS, Baseline, Part, Report


def report_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON."""
    found: dict[str, Any] = {
        "api": report.version,
        "calls": report.calls,
        "versions": dict(sorted(report.versions.items())),
        "percent": round(report.percent, 1),
        "tags": [
            {
                "tag": tally.name,
                "operations": list(tally.operations),
                **{aspect: list(tally.aspects[aspect]) for aspect in ASPECTS},
            }
            for tally in report.tallies
        ],
        "operations": [
            {
                "operation": row.operation.id,
                "tag": row.operation.tag,
                "calls": row.calls,
                **{aspect: _part(row.part(aspect)) for aspect in ASPECTS},
            }
            for row in report.rows
        ],
        "beyond": [{"operation": name, "calls": calls} for name, calls in report.beyond],
        "unknown": report.unknown,
    }
    if report.baseline is not None:
        found |= {"gained": report.gained, "lost": report.lost}
    return found


def _part(part: Part) -> dict[str, list[str]]:
    return {"covered": list(part.covered), "missing": list(part.missing)}


def baseline_of(value: Any) -> Baseline:
    """Return the baseline in an earlier report. Raises UsageError for any other JSON value."""
    try:
        covered = frozenset(str(row["operation"]) for row in value["operations"] if int(row["calls"]))
        return Baseline(covered, str(value["api"]))
    except (TypeError, KeyError, ValueError):
        raise UsageError("expected what `apispy coverage --json` wrote") from None
