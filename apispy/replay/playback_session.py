"""What all connections of one replay share: the player, who is told, and what waits for what."""

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from apispy.endpoints import Endpoint
from apispy.gate import Gate
from apispy.replay.miss import Miss
from apispy.replay.player import Player
from apispy.replay.pulse import ChangeNotifier
from apispy.replay.recorded_calls import RecordedCall
from apispy.replay.sessions import BuildSessions
from apispy.tap.clock import Clock
from apispy.tap.events import Event


def _nothing(_: object) -> None:
    """Nobody listens."""


@dataclass
class PlaybackSession:
    """*sink* is given what the tap reads of the live calls, *tell_miss* every miss, *say* what else is to be said."""

    player: Player
    sink: Callable[[Event], None] = _nothing
    tell_miss: Callable[[Miss], None] = _nothing
    say: Callable[[str], None] = _nothing
    name: str = "replay"  # stands where the daemon's address stands
    gate: Gate | None = None  # looks at requests first: faults, web pages
    clock: Callable[[], float] = field(default_factory=Clock)
    pulse: ChangeNotifier = field(default_factory=ChangeNotifier)
    connections: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    sessions: BuildSessions = field(init=False)
    daemon: Endpoint | None = None  # who is asked what is not recorded, with --on-miss forward
    forwarded: set[int] = field(default_factory=set)  # the numbers of those calls
    body_limit: int = 1 << 20  # bytes of each stream that are kept to be shown
    given_up: int = 0  # how often something went on without what should have come before

    def __post_init__(self) -> None:
        self.sessions = BuildSessions(self.player.entries)

    def may_come(self, entry: RecordedCall, at: float) -> bool:
        """Whether all that came before this moment of the record has come now, as far as *entry* waits for it."""
        deeds = self.player.deeds.before(entry, at) if entry.call.stays_open else ()
        return not deeds and self.sessions.caught_up(entry, at)

    def miss(self, miss: Miss) -> None:
        """Note and tell it."""
        self.player.missed(miss)
        self.tell_miss(miss)

    async def until_due(self, entry: RecordedCall, at: float) -> None:
        """Until the live clients have made the requests that were made before this moment of the record.

        When nothing new has been asked for as long as one is patient, it goes on, and says so.
        """
        deeds, patience = self.player.deeds, self.player.options.patience
        if await self.pulse.until(lambda: self.may_come(entry, at), patience):
            return
        missing = deeds.before(entry, at) if entry.call.stays_open else []
        deeds.give_up(missing)
        self.sessions.give_up(entry)
        words = f"{_names(missing)}, which came before in the record" if missing else "its session"
        self.went_on(entry, words, patience)

    def went_on(self, entry: RecordedCall, missing: str, patience: float) -> None:
        """Say that something did not come."""
        self.given_up += 1
        self.say(f"#{entry.number} {entry.name} goes on without {missing}: nothing came for {patience:g} s")


def _names(entries: Sequence[RecordedCall]) -> str:
    shown = [f"#{entry.number} {entry.name}" for entry in entries[:3]]
    return ", ".join(shown) + (f" and {len(entries) - 3} more" if len(entries) > 3 else "")


class Pace:
    """The pauses of the record, shortened by *speed*; 0: none."""

    def __init__(self, speed: float, at: float) -> None:
        self._speed = speed
        self._recorded = at  # the moment of the record that was last played
        self._live = time.monotonic()

    def pause(self, at: float) -> float:
        """Seconds from now until the moment *at* is due."""
        if not self._speed:
            return 0.0
        due = self._live + (at - self._recorded) / self._speed
        return max(0.0, due - time.monotonic())

    async def keep(self, at: float) -> None:
        """Wait until the moment *at* is due."""
        if (pause := self.pause(at)) > 0:
            await asyncio.sleep(pause)
        self._recorded = at
        self._live = time.monotonic()
