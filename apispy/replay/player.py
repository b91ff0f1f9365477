"""Finds the recorded answer to a live request, and keeps account of what was played and what was missed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from apispy.model import Exchange
from apispy.redaction import Redactor
from apispy.replay.comparable_request import ComparableRequest
from apispy.replay.generated_names import made_up
from apispy.replay.matching import Difference, Matcher, Question
from apispy.replay.miss import Miss, Tried
from apispy.replay.options import Options
from apispy.replay.ordering import CausalOrder
from apispy.replay.recorded_calls import RecordedCall, recorded_calls_of
from apispy.replay.reversible_tokens import ReversibleTokens
from apispy.replay.variables import Bindings, Unifier, Variables

NEAREST = 200
"""Recorded calls of the same operation that a miss is compared with."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A live request found its recorded one."""

    entry: RecordedCall


class Player:
    """Plays *exchanges*, as ``capture.read`` gives them. For one session: what was played is used up.

    Free of I/O; not to be used by two threads at once.
    """

    def __init__(self, exchanges: Iterable[Exchange], options: Options | None = None) -> None:
        self.options = options or Options()
        self._tokens = ReversibleTokens()
        self.redactor = Redactor(tokens=self._tokens)
        self.entries = recorded_calls_of(exchanges, self.redactor)
        self.variables = Variables(made_up(self.entries))
        self.bindings = Bindings()
        self.deeds = CausalOrder(self.entries)
        self.misses: list[Miss] = []
        self.forwarded = 0  # requests that a daemon answered
        self._by_name: dict[str, list[RecordedCall]] = defaultdict(list)
        self._left: dict[str, list[RecordedCall]] = defaultdict(
            list
        )  # those that can be played, now or again
        for entry in self.entries:
            self._by_name[entry.name].append(entry)
            self._left[entry.name].append(entry)

    def find(self, exchange: Exchange) -> Hit | Miss:
        """The recorded call for a live request, whose body is complete. It is used up. A Miss is not noted yet."""
        live = ComparableRequest(exchange, self.redactor)
        recorded = self._by_name[live.name]
        again = reversed(recorded) if self.options.repeat_last else ()
        for entry in (*self._left[live.name], *again):
            if self._matches(entry, live):
                return self._hit(entry)
        return Miss(live, self._nearest(live, recorded))

    def expects_body(self, exchange: Exchange) -> bool:
        """Whether a client that asks first (Expect: 100-continue) is to send its body.

        Not if the recorded call that it would be was refused before its body was read.
        """
        live = ComparableRequest(exchange, self.redactor)
        for entry in self._left[live.name]:
            if not any(self._differences(entry, live, skip=("body",)).values()):
                return bool(entry.exchange.request.body.size)
        return False

    def live_texts(self) -> dict[str, str]:
        """What to put into answers: the live text for each recorded one that was bound to another."""
        found = {}
        for recorded, live in self.bindings.items():
            live = self._tokens.secrets.get(live, live)
            if recorded != live:
                found[recorded] = live
        return found

    def missed(self, miss: Miss) -> None:
        """A request was not answered from the record, or went another way than there."""
        self.misses.append(miss)

    @property
    def unplayed(self) -> list[RecordedCall]:
        """What was not asked for; how often a ping or a resize was, does not matter."""
        return [entry for entry in self.entries if not entry.played and not entry.repeats]

    # -- parts --

    def _hit(self, entry: RecordedCall) -> Hit:
        if not entry.played and not entry.repeats:
            self._left[entry.name].remove(entry)
        entry.played += 1
        self.deeds.done(entry)
        return Hit(entry)

    def _matches(self, entry: RecordedCall, live: ComparableRequest) -> bool:
        trial = self.bindings.trial()
        question = self._question(entry, live, trial)
        for matcher in self.options.matchers:
            if next(_compared(matcher, question), None) is not None:
                return False
        trial.keep()
        return True

    def _differences(
        self, entry: RecordedCall, live: ComparableRequest, skip: tuple[str, ...] = ()
    ) -> dict[str, list[Difference]]:
        """What differs from a recorded call, by matcher."""
        question = self._question(entry, live, self.bindings.trial())
        matchers = [matcher for matcher in self.options.matchers if matcher.name not in skip]
        return {matcher.name: list(_compared(matcher, question)) for matcher in matchers}

    def _question(self, entry: RecordedCall, live: ComparableRequest, bindings: Bindings) -> Question:
        status = entry.exchange.response.status if entry.exchange.response else None
        return Question(entry.asked, live, Unifier(self.variables, bindings), status)

    def _nearest(self, live: ComparableRequest, candidates: list[RecordedCall]) -> Tried | None:
        """The recorded call from which the live one differs least; those that are left first."""
        tried = [Tried(entry, self._differences(entry, live)) for entry in candidates[:NEAREST]]
        return min(tried, key=lambda one: (one.count, bool(one.entry.played)), default=None)


def _compared(matcher: Matcher, question: Question) -> Iterator[Difference]:
    try:
        yield from matcher.compare(question)
    except RecursionError:
        yield Difference(matcher.name, None, None, "it is nested too deeply to be compared")
