"""The table at the end, in the manner of `strace -c`: what was called how often, and how long it took."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from apispy.outputs import units
from apispy.outputs.base import Output, Reading
from apispy.outputs.call_stats import CallStats, stats_of
from apispy.outputs.escaping import escape
from apispy.outputs.table import table

NOTHING = "no calls seen. A client comes here only if nothing (-H, --context) tells it another daemon"
HEADINGS = ("calls", "errors", "total", "longest", "sent", "received", "operation")


@dataclass(slots=True)
class Tally:
    """What was counted of one operation. Times are seconds, sizes bytes of bodies and tunnels."""

    calls: int = 0
    errors: int = 0
    total: float = 0.0
    longest: float = 0.0
    sent: int = 0
    received: int = 0

    def add(self, other: "Tally") -> None:
        self.calls += other.calls
        self.errors += other.errors
        self.total += other.total
        self.longest = max(self.longest, other.longest)
        self.sent += other.sent
        self.received += other.received


class Summary(Output):
    """Counts calls, and writes the table when the session is over, or *nothing* when there were none."""

    def __init__(self, write: Callable[[str], None], *, nothing: str = NOTHING) -> None:
        self._write = write
        self._nothing = nothing
        self._tallies: dict[str, Tally] = {}
        self._hidden: Counter[str] = Counter()  # secrets by kind

    def write(self, reading: Reading) -> None:
        self.count(stats_of(reading))
        self._hidden.update(redaction.kind for redaction in reading.exchange.redactions)

    def count(self, figures: CallStats) -> None:
        """A call is over, and no more than its figures is known."""
        name, seconds = _name(figures), figures.duration
        tally = self._tallies.get(name)
        if tally is None:
            tally = self._tallies[name] = Tally()
        tally.add(Tally(1, int(figures.failed), seconds, seconds, figures.sent, figures.received))

    def close(self) -> None:
        if not self._tallies:
            self._write(f"{self._nothing}\n")
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


def _name(figures: CallStats) -> str:
    """The operation's; what is not known goes by its method, so that odd paths cannot fill the memory."""
    return figures.operation or f"? {escape(figures.method[:20])}"


def _row(name: str, tally: Tally) -> tuple[str, ...]:
    times = (units.duration(tally.total), units.duration(tally.longest))
    sizes = (units.size(tally.sent), units.size(tally.received))
    return (str(tally.calls), str(tally.errors or ""), *times, *sizes, name)
