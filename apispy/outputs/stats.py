"""Statistics of a session by operation: calls, latency, bytes, errors and repeated reads.

With ``as_json`` one object:

| field      | meaning |
|------------|---|
| operations | list, most calls first; see below |
| total      | the same for all calls, without ``repeats`` |
| histogram  | list of {"from", "to", "calls"}: latencies of at least "from" and below "to" seconds |

An operation:

| field      | meaning |
|------------|---|
| operation  | Docker's operationId, or null for calls that apispy does not know |
| tag        | chapter of Docker's reference: "Container"; null as above |
| calls      | number of calls |
| errors     | number of failed calls |
| sent       | bytes of bodies and tunnels from the clients |
| received   | bytes of bodies and tunnels to the clients |
| latency    | object: p50, p90, p99 (within 2 %) and max, in seconds; null when no call got a response |
| repeats    | object: ``again``, reads of a target that was read less than 1 s before, and ``run`` |

A run is the longest burst of reads, each started within 1 s of the one before:

| field      | meaning |
|------------|---|
| calls      | number of reads |
| targets    | number of different targets; 1000 means 1000 or more |
| seconds    | from the start of the first read to the start of the last |

A latency is the time from the first byte of a call to its end; for a call that stays open, to the response head.
A call without a response has none.
"""

import json
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from apispy import units
from apispy.engine.operations import BY_ID, UNKNOWN
from apispy.outputs.base import DecodedCall, Output
from apispy.outputs.call_stats import CallStats, stats_of
from apispy.outputs.latency_histogram import LatencyHistogram
from apispy.outputs.repeats import MAX_GAP, MAX_TARGETS, MIN_REPORTED_READS, Burst, Repeats
from apispy.outputs.style import table

HEADINGS = ("calls", "errors", "p50", "p90", "p99", "longest", "sent", "received", "operation")
PERCENTS = (50, 90, 99)
BAR_WIDTH = 50  # columns


class Tally:
    """The totals of one operation. Sizes are bytes."""

    def __init__(self, recent: OrderedDict[int, float]) -> None:
        self.calls = self.errors = self.sent = self.received = 0
        self.latencies = LatencyHistogram()
        self.repeats = Repeats(recent)

    def add(self, call: CallStats) -> None:
        self.calls += 1
        self.errors += call.failed
        self.sent += call.sent
        self.received += call.received
        if call.latency is not None:
            self.latencies.add(call.latency)
        self.repeats.add(call)

    def merge(self, other: "Tally") -> None:
        self.calls += other.calls
        self.errors += other.errors
        self.sent += other.sent
        self.received += other.received
        self.latencies.merge(other.latencies)


class Stats(Output):
    """Counts calls in bounded memory and writes when the session ends: text, or JSON if *as_json*."""

    def __init__(self, write: Callable[[str], None], *, as_json: bool = False) -> None:
        self._write = write
        self._as_json = as_json
        self._tallies: dict[str, Tally] = {}
        self._recent: OrderedDict[int, float] = OrderedDict()

    @property
    def calls(self) -> int:
        """Number of calls counted."""
        return sum(tally.calls for tally in self._tallies.values())

    def write(self, decoded: DecodedCall) -> None:
        self.count(stats_of(decoded))

    def count(self, call: CallStats) -> None:
        """Count a finished call of which only the figures are known."""
        tally = self._tallies.get(call.operation)
        if tally is None:
            tally = self._tallies[call.operation] = Tally(self._recent)
        tally.add(call)

    def as_json(self) -> dict[str, Any]:
        """Return the object that ``close`` writes as JSON, of the calls so far."""
        return _record(*self._totals())

    def summarize(self) -> None:
        """Write the statistics of the calls so far."""
        self.close()

    def close(self) -> None:
        by_calls, total = self._totals()
        if self._as_json:
            self._write(json.dumps(_record(by_calls, total)) + "\n")
        elif not by_calls:
            self._write("no calls\n")
        else:
            rows = [_row(name or "?", tally) for name, tally in by_calls]
            self._write(table([HEADINGS, *rows, _row("total", total)]))
            self._write("".join(f"{line}\n" for line in (*_bars(total.latencies), *_repeated(by_calls))))

    def _totals(self) -> tuple[list[tuple[str, Tally]], Tally]:
        by_calls = sorted(self._tallies.items(), key=lambda entry: (-entry[1].calls, entry[0]))
        total = Tally(self._recent)
        for _, tally in by_calls:
            total.merge(tally)
        return by_calls, total


class StatsOnRequest(Stats):
    """Statistics that are written when they are asked for, and not at the end."""

    def close(self) -> None:
        return

    def summarize(self) -> None:
        super().close()


def histogram(latencies: LatencyHistogram) -> list[tuple[float, float, int]]:
    """Return (from, to, count) in steps of 1, 2, 5, 10, ...; without the empty ones at both ends."""
    counts: dict[int, int] = {}
    for seconds, count in latencies.buckets():
        step = next(step for step, end in enumerate(_BUCKET_ENDS) if seconds < end)
        counts[step] = counts.get(step, 0) + count
    steps = range(min(counts), max(counts) + 1) if counts else range(0)
    return [
        (_BUCKET_ENDS[step - 1] if step else 0.0, _BUCKET_ENDS[step], counts.get(step, 0)) for step in steps
    ]


_BUCKET_ENDS = [float(f"{digit}e{power}") for power in range(-6, 8) for digit in (1, 2, 5)]


def _row(name: str, tally: Tally) -> tuple[str, ...]:
    latencies = tally.latencies
    times = [latencies.percentile(percent) for percent in PERCENTS]
    shown = [units.duration(time) if latencies.count else "" for time in (*times, latencies.longest)]
    sizes = (units.size(tally.sent), units.size(tally.received))
    return (str(tally.calls), str(tally.errors or ""), *shown, *sizes, name)


def _bars(latencies: LatencyHistogram) -> list[str]:
    rows = histogram(latencies)
    most = max((calls for _, _, calls in rows), default=0)
    lines = [
        f"{units.duration(end):>9} |{'#' * -(-calls * BAR_WIDTH // most):{BAR_WIDTH}} {calls or ''}".rstrip()
        for _, end, calls in rows
    ]
    return ["", "latency, below ...", *lines] if rows else []


def _repeated(by_calls: list[tuple[str, Tally]]) -> list[str]:
    lines = []
    for name, tally in by_calls:
        repeats, burst = tally.repeats, tally.repeats.longest
        if burst.calls >= MIN_REPORTED_READS:
            text = (
                f"{burst.calls} x {name or '?'} of {_targets(burst)} within {units.duration(burst.seconds)}"
            )
            rereads = (
                f"; repeats of a target within {MAX_GAP:g} s: {repeats.rereads}" if repeats.rereads else ""
            )
            lines.append(f"  {text}{rereads}")
    heading = f"bursts of reads, each within {MAX_GAP:g} s of the one before"
    return ["", heading, *lines] if lines else []


def _targets(burst: Burst) -> str:
    count = len(burst.targets)
    return "one target" if count == 1 else f"{count}{'+' if count == MAX_TARGETS else ''} targets"


def _record(by_calls: list[tuple[str, Tally]], total: Tally) -> dict[str, Any]:
    steps = histogram(total.latencies)
    return {
        "operations": [
            {
                "operation": name or None,
                "tag": _tag(name),
                **_figures(tally),
                "repeats": _repeats(tally.repeats),
            }
            for name, tally in by_calls
        ],
        "total": _figures(total),
        "histogram": [{"from": start, "to": end, "calls": calls} for start, end, calls in steps],
    }


def _tag(name: str) -> str | None:
    return BY_ID.get(name, UNKNOWN).tag or None


def _figures(tally: Tally) -> dict[str, Any]:
    latencies = tally.latencies
    times = {f"p{percent}": _rounded(latencies.percentile(percent)) for percent in PERCENTS}
    return {
        "calls": tally.calls,
        "errors": tally.errors,
        "sent": tally.sent,
        "received": tally.received,
        "latency": times | {"max": _rounded(latencies.longest)} if latencies.count else None,
    }


def _rounded(seconds: float) -> float:
    return round(seconds, 6)


def _repeats(repeats: Repeats) -> dict[str, Any]:
    burst = repeats.longest
    return {
        "again": repeats.rereads,
        "run": {"calls": burst.calls, "targets": len(burst.targets), "seconds": _rounded(burst.seconds)},
    }
