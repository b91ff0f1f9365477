"""Finds the recorded response to a live request, and counts what was played and what was missed."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from apispy.model import Exchange
from apispy.recent import SizedMemory
from apispy.redaction import Redactor
from apispy.redaction.tokens import Tokens
from apispy.replay.comparable_request import ComparableRequest
from apispy.replay.generated_names import generated_texts
from apispy.replay.grpc_calls import GrpcRequest, RecordedGrpcCall, read_calls
from apispy.replay.grpc_record import TunnelRecord
from apispy.replay.matching import Difference, Matcher, RequestPair
from apispy.replay.miss import Candidate, Miss, request_line
from apispy.replay.options import Options
from apispy.replay.ordering import CausalOrder
from apispy.replay.recorded_calls import RecordedCall, in_request_order, is_refused_http2
from apispy.replay.variables import Bindings, Unifier, Variables
from apispy.units import count

MAX_CANDIDATES = 200
"""Recorded calls of the same operation that a miss is compared with."""

SOLVE_OPERATION = "Control/Solve"
"""The name of the gRPC call that starts a build."""

MAX_MISSES = 100
"""Misses that are kept: each holds its request with the body, and a replay may run for weeks."""

MAX_UNPLAYED = 10
"""Unplayed calls that the report names."""


MAX_SECRETS, MAX_SECRET_BYTES = 10_000, 32 << 20
"""The number and size of the secrets of live clients that are kept: those that came last, and those in use."""


class ReversibleTokens(Tokens):
    """Redaction tokens that keep their last secrets, so that responses can contain the live client's own secrets."""

    def __init__(self) -> None:
        super().__init__()
        # By token; sent to nobody but the client that they came from.
        self.secrets: SizedMemory[str, str] = SizedMemory(MAX_SECRETS, MAX_SECRET_BYTES)

    def of(self, secret: str) -> str:
        token = super().of(secret)
        if token not in self.secrets:
            self.secrets.add(token, secret, len(secret.encode("utf-8", "surrogatepass")))
        return token


class Player:
    """Plays *exchanges*, as ``capture.read`` returns them, for one session: a call that was played is used up.

    Free of I/O; not safe for use by two threads at once.
    """

    def __init__(self, exchanges: Iterable[Exchange], options: Options | None = None) -> None:
        self.options = options or Options()
        self._tokens = ReversibleTokens()
        self._bound_secrets: dict[
            str, str
        ] = {}  # by token: those of the bindings, however long ago they came
        self.redactor = Redactor(tokens=self._tokens)
        self.calls = in_request_order(
            (exchange for exchange in exchanges if not is_refused_http2(exchange)), self.redactor
        )
        self.grpc = read_calls(self.calls, self.redactor)
        self.variables = Variables({*generated_texts(self.calls), *self.grpc.generated})
        self.bindings = Bindings()
        self.order = CausalOrder(self.calls)
        self.misses: list[Miss] = []  # the first MAX_MISSES
        self.missed = 0  # all misses
        self.forwarded = 0  # requests that a daemon answered
        self._by_name: dict[str, list[RecordedCall]] = defaultdict(list)
        self._playable: dict[str, list[RecordedCall]] = defaultdict(list)  # those that are not used up
        for recorded in (*(one for one in self.calls if not one.is_grpc), *self.grpc.calls):
            self._by_name[recorded.name].append(recorded)
            self._playable[recorded.name].append(recorded)

    def find(self, exchange: Exchange) -> RecordedCall | Miss:
        """The recorded call for a live request whose body is complete; it is used up. Does not add a Miss to misses."""
        return self._find(ComparableRequest(exchange, self.redactor))

    def find_grpc(self, live: GrpcRequest, build: str) -> RecordedCall | Miss:
        """The same for a gRPC call, in a tunnel or not. *build*: the build that it names, or ""."""
        known = self.bindings.recorded_for(build) if build else None

        tunnel = self.grpc.tunnel_of_build(known) if known else None

        def fits(one: RecordedCall) -> bool:
            if not isinstance(one, RecordedGrpcCall):
                return True
            one.request = one.request_beside(live.cleaning)
            if one.build or not tunnel:
                return one.build in ("", known or one.build)
            return one.tunnel is tunnel  # the recording lacks the header fields that name the build

        found = self._find(live, fits)
        if isinstance(found, RecordedGrpcCall):
            found.carrier.times_played += 1
        return found

    def knows_build(self, build: str) -> bool:
        """Whether the live client's *build* is known: it was started, or the recording has it under that name."""
        return (
            self.bindings.recorded_for(build) is not None
            or not self._playable[SOLVE_OPERATION]
            or any(one.build == build for one in self.grpc.calls)
        )

    def session_record(self, name: str) -> TunnelRecord | None:
        """The recorded BuildKit session in the place of the live one of that name; None as long as it is not known."""
        return self.grpc.sessions.get(self.bindings.recorded_for(name) or "")

    def expects_body(self, exchange: Exchange) -> bool:
        """Whether to let a client that asks first (Expect: 100-continue) send its body.

        False if the daemon refused the matching recorded call before it read the body.
        """
        live = ComparableRequest(exchange, self.redactor)
        for recorded in self._playable[live.name]:
            if not any(self._differences(recorded, live, skip=("body",)).values()):
                return bool(recorded.exchange.request.body.size)
        return False

    def live_texts(self) -> dict[str, str]:
        """The live text by the recorded text that it replaces in responses."""
        found, bound = {}, {}
        for recorded, live in self.bindings.items():
            secret = self._bound_secrets.get(live) or self._tokens.secrets.get(live)
            if secret is not None:
                bound[live] = secret
                live = secret
            if recorded != live:
                found[recorded] = live
        self._bound_secrets = bound
        return found

    def add_miss(self, miss: Miss) -> None:
        """Count *miss*, and keep it unless there are MAX_MISSES already."""
        self.missed += 1
        if len(self.misses) < MAX_MISSES:
            self.misses.append(miss)

    @property
    def more_misses(self) -> int:
        """How many misses were not kept."""
        return self.missed - len(self.misses)

    @property
    def unplayable(self) -> Iterator[tuple[RecordedCall, str]]:
        """The recorded calls that cannot be played, each with the reason."""
        grpc = {
            one.number: self.grpc.reason_unplayable(one) for one in self.grpc.calls if one.carrier.is_grpc
        }
        for recorded in self.calls:
            if reason := grpc.get(recorded.number, recorded.reason_unplayable):
                yield recorded, reason

    @property
    def unplayed(self) -> list[RecordedCall]:
        """The recorded calls that no client has requested, without repeatable ones such as pings."""
        return [
            recorded for recorded in self.calls if not recorded.times_played and not recorded.is_repeatable
        ]

    @property
    def unplayed_grpc(self) -> list[RecordedGrpcCall]:
        """The recorded gRPC calls in tunnels that no client has made, without repeatable ones."""
        in_tunnels = (one for one in self.grpc.calls if not one.carrier.is_grpc)
        return [one for one in in_tunnels if not one.times_played and not one.is_repeatable]

    # -- parts --

    def _find(
        self, live: ComparableRequest, fits: Callable[[RecordedCall], bool] = lambda _: True
    ) -> RecordedCall | Miss:
        recorded = [one for one in self._by_name[live.name] if fits(one)]
        repeated: Iterable[RecordedCall] = reversed(recorded) if self.options.repeat_last else ()
        for candidate in (*filter(fits, self._playable[live.name]), *repeated):
            if self._matches(candidate, live):
                self._use_up(candidate)
                return candidate
        return Miss(live, self._nearest(live, recorded))

    def _use_up(self, recorded: RecordedCall) -> None:
        if not recorded.times_played and not recorded.is_repeatable:
            self._playable[recorded.name].remove(recorded)
        recorded.times_played += 1
        self.order.mark_requested(recorded)

    def _matches(self, recorded: RecordedCall, live: ComparableRequest) -> bool:
        trial = self.bindings.trial()
        pair = self._pair(recorded, live, trial)
        for matcher in self.options.matchers:
            if next(_differences(matcher, pair), None) is not None:
                return False
        trial.commit()
        return True

    def _differences(
        self, recorded: RecordedCall, live: ComparableRequest, skip: tuple[str, ...] = ()
    ) -> dict[str, list[Difference]]:
        """The differences from a recorded call, by matcher."""
        pair = self._pair(recorded, live, self.bindings.trial())
        matchers = [matcher for matcher in self.options.matchers if matcher.name not in skip]
        return {matcher.name: list(_differences(matcher, pair)) for matcher in matchers}

    def _pair(self, recorded: RecordedCall, live: ComparableRequest, bindings: Bindings) -> RequestPair:
        status = recorded.exchange.response.status if recorded.exchange.response else None
        return RequestPair(recorded.request, live, Unifier(self.variables, bindings), status)

    def _nearest(self, live: ComparableRequest, calls: list[RecordedCall]) -> Candidate | None:
        """The recorded call with the fewest differences; of equals, one that was not played yet."""
        candidates = [Candidate(one, self._differences(one, live)) for one in calls[:MAX_CANDIDATES]]
        return min(candidates, key=lambda one: (one.count, bool(one.recorded.times_played)), default=None)


def report(player: Player) -> Iterator[tuple[str, str]]:
    """(text, style) of each line of the report at the end of a replay. Not escaped."""
    unplayed, total = player.unplayed, len(player.calls)
    calls = "recorded call" if total == 1 else "recorded calls"
    played = f"replay: played {total - len(unplayed)} of {total} {calls}"
    if player.missed:
        yield f"{played}; {count(player.missed, 'requests')} had no recorded response", "bad"
    else:
        yield f"{played}; every request got a response", ""
    if player.forwarded:
        yield (
            f"  forwarded to the daemon: {count(player.forwarded, 'requests')} without a recorded response",
            "",
        )
    listed = [*unplayed, *player.unplayed_grpc]
    for recorded in listed[:MAX_UNPLAYED]:
        yield f"  not played: #{recorded.number} {recorded.name} {request_line(recorded.request)}", "dim"
    if len(listed) > MAX_UNPLAYED:
        yield f"  not played: {len(listed) - MAX_UNPLAYED} more", "dim"


def _differences(matcher: Matcher, pair: RequestPair) -> Iterator[Difference]:
    try:
        yield from matcher.compare(pair)
    except RecursionError:
        yield Difference(matcher.name, None, None, "it is nested too deeply to be compared")
