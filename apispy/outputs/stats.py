"""What a session was made of: by operation how many calls, how fast, how much, what failed, what was read again.

With ``as_json`` one object:

| field      | what it is |
|------------|---|
| operations | list, the most calls first; each as below |
| total      | the same of all calls, without ``repeats`` |
| histogram  | list of {"from", "to", "calls"}: latencies from ... (seconds) to below ... |

An operation:

| field      | what it is |
|------------|---|
| operation  | Docker's operationId, or null for calls that apispy does not know |
| calls      | how many |
| errors     | how many of them failed |
| sent       | bytes of bodies and tunnels from the clients |
| received   | bytes of bodies and tunnels to them |
| latency    | object: p50, p90, p99 (within 2 %) and max, seconds; null when no call was answered |
| repeats    | object: ``again``, reads of a target that was read less than 1 s before, and ``run`` |

A run is the longest row of reads that each began within 1 s of the one before:

| field      | what it is |
|------------|---|
| calls      | how many |
| targets    | how many different ones; 1000 stands for more too |
| seconds    | from the beginning of the first to that of the last |

A latency is the time from a call's first byte to its end; of a call that stays open, to its answer's head. A call
without an answer has none.
"""

import json
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from apispy.outputs import units
from apispy.outputs.base import Output, Reading
from apispy.outputs.call_stats import CallStats, stats_of
from apispy.outputs.latency_histogram import LatencyHistogram
from apispy.outputs.repeats import GAP, MANY, TARGETS, Repeats, Run
from apispy.outputs.table import table

HEADINGS = ("calls", "errors", "p50", "p90", "p99", "max", "sent", "received", "operation")
PERCENTS = (50, 90, 99)
BAR = 50  # columns


class Tally:
    """What was counted of one operation. Sizes are bytes."""

    def __init__(self, recent: OrderedDict[int, float]) -> None:
        self.calls = self.errors = self.sent = self.received = 0
        self.latencies = LatencyHistogram()
        self.repeats = Repeats(recent)

    def add(self, figures: CallStats) -> None:
        self.calls += 1
        self.errors += figures.failed
        self.sent += figures.sent
        self.received += figures.received
        if figures.latency is not None:
            self.latencies.add(figures.latency)
        self.repeats.add(figures)

    def merge(self, other: "Tally") -> None:
        self.calls += other.calls
        self.errors += other.errors
        self.sent += other.sent
        self.received += other.received
        self.latencies.merge(other.latencies)


class Stats(Output):
    """Counts in constant memory, and writes when the session is over: text, or JSON if *as_json*."""

    def __init__(self, write: Callable[[str], None], *, as_json: bool = False) -> None:
        self._write = write
        self._as_json = as_json
        self._tallies: dict[str, Tally] = {}
        self._recent: OrderedDict[int, float] = OrderedDict()

    @property
    def calls(self) -> int:
        """How many were counted."""
        return sum(tally.calls for tally in self._tallies.values())

    def write(self, reading: Reading) -> None:
        self.count(stats_of(reading))

    def count(self, figures: CallStats) -> None:
        """A call is over, and no more than its figures is known."""
        tally = self._tallies.get(figures.operation)
        if tally is None:
            tally = self._tallies[figures.operation] = Tally(self._recent)
        tally.add(figures)

    def close(self) -> None:
        by_calls = sorted(self._tallies.items(), key=lambda entry: (-entry[1].calls, entry[0]))
        total = Tally(self._recent)
        for _, tally in by_calls:
            total.merge(tally)
        if self._as_json:
            self._write(json.dumps(_record(by_calls, total)) + "\n")
        elif not by_calls:
            self._write("no calls\n")
        else:
            rows = [_row(name or "?", tally) for name, tally in by_calls]
            self._write(table([HEADINGS, *rows, _row("total", total)]))
            self._write("".join(f"{line}\n" for line in (*_bars(total.latencies), *_repeated(by_calls))))


def histogram(latencies: LatencyHistogram) -> list[tuple[float, float, int]]:
    """(from, to, how many) in steps of 1, 2, 5, 10, ...; without the empty ones at both ends."""
    counts: dict[int, int] = {}
    for seconds, count in latencies.buckets():
        step = next(step for step, end in enumerate(_ENDS) if seconds < end)
        counts[step] = counts.get(step, 0) + count
    steps = range(min(counts), max(counts) + 1) if counts else range(0)
    return [(_ENDS[step - 1] if step else 0.0, _ENDS[step], counts.get(step, 0)) for step in steps]


_ENDS = [float(f"{digit}e{power}") for power in range(-6, 8) for digit in (1, 2, 5)]


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
        f"{units.duration(end):>9} |{'#' * -(-calls * BAR // most):{BAR}} {calls or ''}".rstrip()
        for _, end, calls in rows
    ]
    return ["", "latency, below ...", *lines] if rows else []


def _repeated(by_calls: list[tuple[str, Tally]]) -> list[str]:
    lines = []
    for name, tally in by_calls:
        repeats, run = tally.repeats, tally.repeats.longest
        if run.calls >= MANY:
            what = f"{run.calls} x {name or '?'} of {_targets(run)} within {units.duration(run.seconds)}"
            again = f"; {repeats.again} in all asked the very same again" if repeats.again else ""
            lines.append(f"  {what}{again}")
    heading = f"reads made again and again, each within {GAP:g} s of the one before"
    return ["", heading, *lines] if lines else []


def _targets(run: Run) -> str:
    count = len(run.targets)
    return "one target" if count == 1 else f"{count}{'+' if count == TARGETS else ''} targets"


def _record(by_calls: list[tuple[str, Tally]], total: Tally) -> dict[str, Any]:
    steps = histogram(total.latencies)
    return {
        "operations": [
            {"operation": name or None, **_figures(tally), "repeats": _repeats(tally.repeats)}
            for name, tally in by_calls
        ],
        "total": _figures(total),
        "histogram": [{"from": start, "to": end, "calls": calls} for start, end, calls in steps],
    }


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
    run = repeats.longest
    return {
        "again": repeats.again,
        "run": {"calls": run.calls, "targets": len(run.targets), "seconds": _rounded(run.seconds)},
    }
