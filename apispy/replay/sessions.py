"""BuildKit's builds and the sessions they use: two calls on two connections, each waiting for the other.

The answer of a build comes after what went through its session; a session is a tunnel of its own, so when the build's
answer is played it has to wait for that.
"""

from typing import Protocol

from apispy.replay.recorded_calls import RecordedCall

HEADER = "x-docker-expose-session-uuid"


class Tunnel(Protocol):
    """A session that is being played."""

    def caught_up(self, at: float) -> bool:
        """Whether all that went through it until Unix time *at* of the record has gone through it now."""


class BuildSessions:
    """The sessions of a record, and those that are open now."""

    def __init__(self, entries: list[RecordedCall]) -> None:
        self._by_name = {
            name: entry for entry in entries if (name := entry.exchange.request.headers.text(HEADER))
        }
        self._open: dict[int, Tunnel] = {}
        self._given_up: set[int] = set()

    def open(self, entry: RecordedCall, tunnel: Tunnel) -> None:
        self._open[entry.number] = tunnel

    def give_up(self, build: RecordedCall) -> None:
        """Its session is behind; nothing waits for it any more."""
        self._given_up.add(build.number)

    def caught_up(self, build: RecordedCall, at: float) -> bool:
        """Whether the session of *build*, if it has one, is as far as it was *at* seconds after the build began."""
        name = build.call.value("session")
        session = self._by_name.get(name) if name else None
        if session is None or build.number in self._given_up:
            return True
        tunnel = self._open.get(session.number)
        return tunnel is not None and tunnel.caught_up(build.exchange.started + at)
