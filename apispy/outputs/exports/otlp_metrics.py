"""The counts of a session as metrics of OpenTelemetry, in the form of OTLP/JSON.

They are sums since the start (cumulative), as those that Prometheus scrapes. Prometheus turns their names and units
into the names that ``--metrics`` serves. Source: https://opentelemetry.io/docs/specs/otel/metrics/data-model/
"""

from typing import Any

from apispy.outputs.exports.otlp_values import key_values
from apispy.outputs.metrics import COUNTERS, DURATION, LIMITS, OPEN_STREAMS, Family, Figures

CUMULATIVE = 2
"""AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE."""


def metrics_of(now: Figures, started: int, time: int) -> list[dict[str, Any]]:
    """Return the counts *now* as a list of Metric. *started*: of the session; both times in nanoseconds (Unix)."""
    times = {"startTimeUnixNano": str(started), "timeUnixNano": str(time)}
    found = [_sum(family, now, times, is_monotonic=True) for family in COUNTERS]
    found += [_histogram(DURATION, now, times), _sum(OPEN_STREAMS, now, times, is_monotonic=False)]
    return [metric for metric in found if metric]


def _sum(family: Family, now: Figures, times: dict[str, str], *, is_monotonic: bool) -> dict[str, Any]:
    points = [
        _labels(family, labels) | times | {"asInt": str(int(value))} for labels, value in family.rows(now)
    ]
    total = {"dataPoints": points, "aggregationTemporality": CUMULATIVE, "isMonotonic": is_monotonic}
    return _metric(family, "sum", total) if points else {}


def _histogram(family: Family, now: Figures, times: dict[str, str]) -> dict[str, Any]:
    points = []
    for labels, durations in family.rows(now):
        point = {
            "count": str(sum(durations.counts)),
            "sum": durations.total,
            "bucketCounts": [str(count) for count in durations.counts],
            "explicitBounds": list(LIMITS),
        }
        points.append(_labels(family, labels) | times | point)
    return (
        _metric(family, "histogram", {"dataPoints": points, "aggregationTemporality": CUMULATIVE})
        if points
        else {}
    )


def _labels(family: Family, labels: tuple[str, ...]) -> dict[str, Any]:
    return {"attributes": key_values(dict(zip(family.labels, labels, strict=True)))}


def _metric(family: Family, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"name": family.name, "description": family.description, "unit": family.unit, kind: data}
