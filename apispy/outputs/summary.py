"""The table at the end of a session, similar to `strace -c`: calls, errors and time by operation."""

from collections import Counter
from collections.abc import Callable

from apispy import units
from apispy.model import Exchange
from apispy.outputs.base import DecodedCall
from apispy.outputs.call_stats import CallCounter, CallStats, stats_of
from apispy.outputs.escaping import escape
from apispy.outputs.style import table
from apispy.structs import Struct

NO_CALLS = "No calls seen. The command may override DOCKER_HOST (-H, --context)."
MAX_ROWS = 500
"""Rows of the table: clients may send any method, and there are fewer operations."""

OTHERS = "? (other methods)"
HEADINGS = ("calls", "errors", "total", "longest", "sent", "received", "operation")


class Tally(Struct):
    """The totals of one operation. Times are seconds; sizes are bytes of bodies and tunnels."""

    calls: int = 0
    errors: int = 0
    total: float = 0.0
    longest: float = 0.0
    sent: int = 0
    received: int = 0

    def count(self, stats: CallStats, seconds: float) -> None:
        """Add a call that took *seconds*."""
        self.calls += 1
        self.errors += stats.failed
        self.total += seconds
        if seconds > self.longest:
            self.longest = seconds
        self.sent += stats.sent
        self.received += stats.received

    def add(self, other: "Tally") -> None:
        self.calls += other.calls
        self.errors += other.errors
        self.total += other.total
        self.longest = max(self.longest, other.longest)
        self.sent += other.sent
        self.received += other.received


class Summary(CallCounter):
    """Counts calls and writes the table when the session ends, or *no_calls* if there were none."""

    def __init__(self, write: Callable[[str], None], *, no_calls: str = NO_CALLS) -> None:
        self._write = write
        self._no_calls = no_calls
        self._tallies: dict[str, Tally] = {}
        self._hidden: Counter[str] = Counter()  # secrets by kind

    def write(self, decoded: DecodedCall) -> None:
        memo = decoded.memo
        if memo is None:
            super().write(decoded)
        else:
            same: tuple[Tally, CallStats] | None = memo.get(self)
            if same is None:
                stats = stats_of(decoded)
                same = memo[self] = self._tally(stats), stats
            tally, stats = same
            tally.count(stats, decoded.exchange.duration)
        for redaction in decoded.exchange.redactions:
            self._hidden[redaction.kind] += 1

    def count(self, stats: CallStats, exchange: Exchange) -> None:
        self._tally(stats).count(stats, stats.duration)

    def _tally(self, stats: CallStats) -> Tally:
        """Return the totals of a call's row."""
        name = _name(stats)
        tally = self._tallies.get(name)
        if tally is None:
            name = name if len(self._tallies) < MAX_ROWS else OTHERS
            tally = self._tallies.setdefault(name, Tally())
        return tally

    def summarize(self) -> None:
        """Write the table of the calls so far."""
        self.close()

    def close(self) -> None:
        if not self._tallies:
            self._write(f"{self._no_calls}\n")
            return
        whole = Tally()
        for tally in self._tallies.values():
            whole.add(tally)
        by_time = sorted(self._tallies.items(), key=lambda entry: (-entry[1].total, entry[0]))
        rows = [_row(name, tally) for name, tally in by_time]
        self._write(table([HEADINGS, *rows, _row("total", whole)]) + _report(self._hidden))


def _report(hidden: Counter[str]) -> str:
    """ "hidden: 12 environment values, 1 swarm token; --show-secrets shows them"."""
    counted = [units.count(number, kind) for kind, number in hidden.most_common()]
    return f"hidden: {', '.join(counted)}; --show-secrets shows them\n" if counted else ""


def _name(call: CallStats) -> str:
    """Return the operation; unknown calls are grouped by method, so that random paths cannot fill the memory."""
    return call.operation or f"? {escape(call.method[:20])}"


def _row(name: str, tally: Tally) -> tuple[str, ...]:
    times = (units.duration(tally.total), units.duration(tally.longest))
    sizes = (units.size(tally.sent), units.size(tally.received))
    return (str(tally.calls), str(tally.errors or ""), *times, *sizes, name)
