"""What must have been asked before a piece of an answer may come: requests that change something, in their order.

The end of a ``wait`` came after a ``start``, the lines of ``events`` after what they tell of. A piece waits for those
that were asked while its own call was open, and only for those: what was asked before, the client asked before too.
What is about one container waits only for what is about the same one.
"""

from bisect import bisect_right

from apispy.replay.recorded_calls import RecordedCall
from apispy.replay.subjects import CallSubjects


class CausalOrder:
    """The state-changing requests of a record, and which of them the live clients have made."""

    def __init__(self, entries: list[RecordedCall]) -> None:
        self._deeds = [entry for entry in entries if entry.changes]
        self._times = [entry.asked_at for entry in self._deeds]
        self._subjects = CallSubjects(entries)
        self._settled: set[int] = set()

    def before(self, entry: RecordedCall, at: float) -> list[RecordedCall]:
        """Those still missing of what was asked while *entry* was open, until *at* seconds after it began."""
        first = bisect_right(self._times, entry.asked_at)
        last = bisect_right(self._times, entry.exchange.started + at)
        missing = [deed for deed in self._deeds[first:last] if deed.number not in self._settled]
        about = self._subjects.of(entry) if missing else ""
        return [deed for deed in missing if self._subjects.of(deed) == about] if about else missing

    def done(self, entry: RecordedCall) -> None:
        """The live client has made this request."""
        self._settled.add(entry.number)

    def give_up(self, entries: list[RecordedCall]) -> None:
        """They did not come in time; nothing waits for them any more."""
        self._settled.update(entry.number for entry in entries)
