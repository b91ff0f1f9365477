"""A live request for which there is no recorded answer, and all that can be said of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from apispy.outputs.escaping import escape
from apispy.replay.comparable_request import ComparableRequest
from apispy.replay.matching import Difference
from apispy.replay.recorded_calls import RecordedCall
from apispy.replay.words import line_of, value_of

SHOWN = 12
"""Differences that are told one by one."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A recorded call, and what differs from it by matcher; a matcher with nothing has passed."""

    entry: RecordedCall
    differences: dict[str, list[Difference]]

    @property
    def count(self) -> int:
        return sum(len(found) for found in self.differences.values())

    @property
    def passed(self) -> list[str]:
        return [name for name, found in self.differences.items() if not found]


@dataclass(frozen=True, slots=True)
class Miss:
    """*nearest*: the recorded call that is most like it; None if none is of the same operation.

    *why*: for a call that was found, and yet could not be played, or not to its end.
    """

    live: ComparableRequest
    nearest: Tried | None = None
    why: str = ""
    advice: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        return self.live.call.operation.id or "a call that is not Docker's"

    @property
    def used_up(self) -> bool:
        """The recorded call is the same, and was played already."""
        return self.nearest is not None and not self.nearest.count and not self.why

    @property
    def reason(self) -> str:
        """In half a sentence."""
        if self.why:
            return self.why
        if self.nearest is None:
            return "no such call was recorded"
        if self.used_up:
            times = self.nearest.entry.played
            return f"all that were recorded are used up (#{self.nearest.entry.number}, played {times} times)"
        first = next(one for found in self.nearest.differences.values() for one in found)
        return f"the nearest, #{self.nearest.entry.number}, differs: {first.place}"

    @property
    def message(self) -> str:
        """For the client, on one line."""
        head = f"apispy replay: no recorded answer for {self.name} {line_of(self.live)}"
        return escape(f"{head}: {self.reason.rstrip('.')}. apispy's own output tells more.")

    def lines(self) -> Iterator[tuple[str, str]]:
        """(text, style) for apispy's output; not escaped."""
        yield f"miss: {self.name} {line_of(self.live)}: {self.reason}", "bad"
        if self.nearest is not None and not self.why:
            yield from self._about(self.nearest)
        for advice in self.advice or self._advice():
            yield f"  {advice}", ""

    def _about(self, nearest: Tried) -> Iterator[tuple[str, str]]:
        entry = nearest.entry
        used = f", already played {entry.played} times" if entry.played else ""
        yield f"  nearest: #{entry.number} {line_of(entry.asked)}{used}", ""
        yield f"  the same: {', '.join(nearest.passed) or 'nothing'}", "dim"
        told = [one for found in nearest.differences.values() for one in found]
        for difference in told[:SHOWN]:
            yield f"  {difference.place}" + (f": {difference.why}" if difference.why else ""), ""
            yield f"    - {value_of(difference.recorded)}", "bad"
            yield f"    + {value_of(difference.live)}", "good"
        if len(told) > SHOWN:
            yield f"  and {len(told) - SHOWN} more differences", ""

    def _advice(self) -> Iterator[str]:
        if self.nearest is None:
            yield "Record it: apispy run --capture FILE -- COMMAND; or let --on-miss forward ask a daemon."
        elif self.used_up:
            yield "The client asks more often than it did when recorded. --repeat-last gives the last answer again."
        else:
            failed = [name for name, found in self.nearest.differences.items() if found]
            names = ",".join(f"-{name}" for name in failed)
            yield f"- is as recorded, + as asked now. If that may differ: --match={names}. If not, record anew."
