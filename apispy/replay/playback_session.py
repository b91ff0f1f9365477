"""The state that all connections of one replay share, and the recorded pauses."""

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from apispy.endpoints import Endpoint
from apispy.gate import Gate
from apispy.replay.grpc_calls import RecordedGrpcCall
from apispy.replay.miss import Miss
from apispy.replay.ordering import BuildSessions, ChangeNotifier
from apispy.replay.player import Player
from apispy.replay.recorded_calls import RecordedCall
from apispy.tap.clock import Clock
from apispy.tap.events import Event


def _ignore(_: object) -> None:
    """The default for a callback."""


@dataclass
class PlaybackSession:
    """One replay.

    *sink* receives the tap's events of the live calls, *on_miss* every miss, *on_message* other messages to the user.
    """

    player: Player
    sink: Callable[[Event], None] = _ignore
    on_miss: Callable[[Miss], None] = _ignore
    on_message: Callable[[str], None] = _ignore
    name: str = "replay"  # shown in place of the daemon's address
    gate: Gate | None = None  # decides about requests first: faults, requests from web pages
    clock: Callable[[], float] = field(default_factory=Clock)
    changes: ChangeNotifier = field(default_factory=ChangeNotifier)  # notified when a response may become due
    connection_numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    exchange_numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    build_sessions: BuildSessions = field(init=False)
    forward_to: Endpoint | None = None  # the daemon for unrecorded requests, with --on-miss forward
    forwarded: set[int] | None = None  # gets the numbers of forwarded exchanges, which are recorded
    body_limit: int = 1 << 20  # bytes of each stream that are kept for display
    timeouts: int = 0  # how often something continued without what preceded it in the recording

    def __post_init__(self) -> None:
        self.build_sessions = BuildSessions()

    @property
    def speaks_http2(self) -> bool:
        """Whether clients may begin in HTTP/2: if one did in the recording, and no request is forwarded or held."""
        plain = self.forward_to is None and (self.gate is None or not self.gate.holds)
        return plain and any(
            one.exchange.response and one.exchange.request.version == "2" for one in self.player.calls
        )

    def is_due(self, recorded: RecordedCall, at: float) -> bool:
        """Whether all that *recorded* waits for, up to *at* seconds after it began, has happened now."""
        missing = self.player.order.missing_before(recorded, at) if recorded.call.stays_open else ()
        build = self._session_of(recorded)
        return not missing and self._session_has_caught_up(build, recorded.exchange.started + at)

    def record_grpc_miss(self, miss: Miss) -> None:
        """Count the miss of a gRPC call and report it. The rest of its tunnel is not waited for: it may never come."""
        self.record_miss(miss)
        if miss.nearest is not None and isinstance(nearest := miss.nearest.recorded, RecordedGrpcCall):
            others = self.player.grpc.of_tunnel(nearest.tunnel.call)
            self.player.grpc.stop_waiting_for(others)
            for one in others:
                self.build_sessions.stop_waiting(one.session_of_build)
            self.changes.notify()

    def record_miss(self, miss: Miss) -> None:
        """Count *miss* and report it."""
        self.player.add_miss(miss)
        self.on_miss(miss)

    async def wait_until_due(self, recorded: RecordedCall, at: float) -> None:
        """Wait until live clients have sent the requests that preceded this moment of the recording.

        If nothing new happens for ``Options.patience`` seconds, stop waiting and report it.
        """
        order, patience = self.player.order, self.player.options.patience
        if await self.changes.wait_for(lambda: self.is_due(recorded, at), patience):
            return
        missing = order.missing_before(recorded, at) if recorded.call.stays_open else []
        order.stop_waiting_for(missing)
        self.build_sessions.stop_waiting(self._session_of(recorded))
        awaited = (
            f"{_names(missing)}, which came earlier in the recording" if missing else "its build session"
        )
        self.report_timeout(recorded, awaited, patience)

    async def wait_until_grpc_is_due(self, recorded: RecordedGrpcCall, at: float) -> None:
        """Wait for what preceded Unix time *at* in the recording: calls in the same tunnel, and a build's session.

        If nothing new happens for ``Options.patience`` seconds, stop waiting and report it.
        """
        if recorded.is_repeatable:
            return
        grpc, patience, build = self.player.grpc, self.player.options.patience, recorded.session_of_build

        def is_due() -> bool:
            return not grpc.missing_before(recorded, at) and self._session_has_caught_up(build, at)

        if await self.changes.wait_for(is_due, patience):
            return
        missing = grpc.missing_before(recorded, at)
        grpc.stop_waiting_for(missing)
        self.build_sessions.stop_waiting(build)
        awaited = (
            f"{_names(missing)}, which came earlier in the recording" if missing else "its build session"
        )
        self.report_timeout(recorded, awaited, patience)

    def _session_of(self, recorded: RecordedCall) -> str:
        """The recorded name of the BuildKit session of a build; "" if there is none."""
        return recorded.call.value("session") or ""

    def _session_has_caught_up(self, name: str, at: float) -> bool:
        """Whether the BuildKit session of that recorded name is as far as it was at Unix time *at*."""
        if name not in self.player.grpc.sessions:
            return True
        live = self.player.bindings.live_for(name) or name
        return self.build_sessions.has_caught_up(name, live, at)

    def report_timeout(self, recorded: RecordedCall, awaited: str, seconds: float) -> None:
        """Count and report that *awaited* did not come."""
        self.timeouts += 1
        self.on_message(
            f"#{recorded.number} {recorded.name} continues without {awaited}: no activity for {seconds:g} s"
        )


def _names(calls: Sequence[RecordedCall]) -> str:
    shown = [f"#{recorded.number} {recorded.name}" for recorded in calls[:3]]
    return ", ".join(shown) + (f" and {len(calls) - 3} more" if len(calls) > 3 else "")


class Pace:
    """The recorded pauses, divided by *speed*; 0: no pauses. *at* is the recorded moment that is played now.

    All moments are seconds since the recorded call began.
    """

    def __init__(self, speed: float, at: float) -> None:
        self._speed = speed
        self._recorded = at  # the moment that was played last
        self._live = time.monotonic()

    def remaining(self, at: float) -> float:
        """Seconds from now until the moment *at* is due."""
        if not self._speed:
            return 0.0
        due = self._live + (at - self._recorded) / self._speed
        return max(0.0, due - time.monotonic())

    async def wait_until(self, at: float) -> None:
        """Wait until the moment *at* is due."""
        if (pause := self.remaining(at)) > 0:
            await asyncio.sleep(pause)
        self._recorded = at
        self._live = time.monotonic()
