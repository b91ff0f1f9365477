"""The recorded order of calls across connections: what a part of a response waits for.

In the recording, the end of a ``wait`` followed a ``start``, and each line of ``events`` followed the request that
caused it. A part of a response therefore waits for the state-changing requests that were sent while its own call was
open, and only for those: the client itself sends the earlier ones first. A call about one container waits only for
requests about the same container. A build waits for its BuildKit session, which is a tunnel on another connection.
"""

import asyncio
import json
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

from apispy.model import Exchange
from apispy.recent import remember
from apispy.replay.recorded_calls import RecordedCall

MAX_SESSIONS = 100
"""BuildKit sessions whose progress is known, the last ones: each has what was sent, and a replay may run for weeks."""

SHORT_ID_LENGTH = 12
"""Digits of an id that the docker CLI shows and accepts."""


class ChangeNotifier:
    """Wakes tasks that wait for a condition, as asyncio.Condition does, but needs no lock to notify."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def notify(self) -> None:
        """Let all waiting tasks check their conditions."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def wait_for(self, condition: Callable[[], bool], timeout: float | None) -> bool:
        """Wait until *condition* is true. False if there was no notification for *timeout* seconds."""
        while not condition():
            try:
                await asyncio.wait_for(self._changed.wait(), timeout)
            except TimeoutError:
                return condition()
        return True


class CausalOrder:
    """The state-changing requests of a recording, and which of them live clients have sent."""

    def __init__(self, calls: list[RecordedCall]) -> None:
        self._changing = [recorded for recorded in calls if recorded.changes_state]
        self._times = [recorded.requested_at for recorded in self._changing]
        self._subjects = CallSubjects(calls)
        self._settled: set[int] = set()  # numbers of calls that nothing waits for any more

    def missing_before(self, recorded: RecordedCall, at: float) -> list[RecordedCall]:
        """Requests sent while *recorded* was open, up to *at* seconds after it began, that are still missing now."""
        first = bisect_right(self._times, recorded.requested_at)
        last = bisect_right(self._times, recorded.exchange.started + at)
        missing = [one for one in self._changing[first:last] if one.number not in self._settled]
        subject = self._subjects.subject_of(recorded) if missing else ""
        return [one for one in missing if self._subjects.subject_of(one) == subject] if subject else missing

    def mark_requested(self, recorded: RecordedCall) -> None:
        """Note that a live client has sent this request."""
        self._settled.add(recorded.number)

    def stop_waiting_for(self, calls: list[RecordedCall]) -> None:
        """Let nothing wait for *calls* any more, because they did not come in time."""
        self._settled.update(recorded.number for recorded in calls)


class CallSubjects:
    """The container that each recorded call is about, whichever of its names the call uses."""

    def __init__(self, calls: list[RecordedCall]) -> None:
        self._ids: dict[str, str] = {}  # the container's short id by its name, or by the id of an exec in it
        for recorded in calls:
            self._learn(recorded)

    def subject_of(self, recorded: RecordedCall) -> str:
        """The short id or name of the container; "" if the call is about none, or about several."""
        path = recorded.call.operation.path
        if not path.startswith(("/containers/{", "/exec/{")):
            return self._created(recorded)
        return self._container(next(iter(recorded.call.arguments.values()), ""))

    def _created(self, recorded: RecordedCall) -> str:
        if recorded.call.operation.id != "ContainerCreate":
            return ""
        return _created_id(recorded.exchange) or recorded.call.value("name")

    def _container(self, name: str) -> str:
        return self._ids.get(name) or self._ids.get(name[:SHORT_ID_LENGTH]) or name[:SHORT_ID_LENGTH]

    def _learn(self, recorded: RecordedCall) -> None:
        created = _created_id(recorded.exchange)
        match recorded.call.operation.id:
            case "ContainerCreate" if created and (name := recorded.call.value("name")):
                self._ids[name] = created
            case "ContainerExec" if created:
                self._ids[created] = self._container(recorded.call.arguments.get("id", ""))
            case "ContainerRename":
                self._ids[recorded.call.value("name")] = self._container(
                    recorded.call.arguments.get("id", "")
                )


class PlayedSession(Protocol):
    """A BuildKit session that is being played."""

    def has_caught_up(self, at: float) -> bool:
        """Whether everything that was recorded in the session until Unix time *at* has passed through it now."""


class BuildSessions:
    """The last BuildKit sessions, by the names that clients gave them: MAX_SESSIONS at most.

    A build and its session are two calls on two connections. The recorded response of the build followed what passed
    through the session, so playing it waits for the session.
    """

    def __init__(self) -> None:
        self._open: OrderedDict[str, PlayedSession] = OrderedDict()
        self._abandoned: set[str] = set()  # recorded sessions that no build waits for any more

    def open(self, name: str, session: PlayedSession) -> None:
        remember(self._open, name, session, MAX_SESSIONS)

    def stop_waiting(self, recorded: str) -> None:
        """Let no build wait for the recorded session of that name any more, because it did not catch up in time."""
        self._abandoned.add(recorded)

    def has_caught_up(self, recorded: str, live: str, at: float) -> bool:
        """Whether the live session is as far as the recorded one was at Unix time *at*."""
        if recorded in self._abandoned:
            return True
        session = self._open.get(live)
        return session is not None and session.has_caught_up(at)


def _created_id(exchange: Exchange) -> str:
    """The short id in the response; "" if it has none."""
    if exchange.response is None or exchange.response.status >= 400:
        return ""
    try:
        value: Any = json.loads(exchange.response.body.data)
    except (ValueError, RecursionError):
        return ""
    identity = value.get("Id") if isinstance(value, dict) else None
    return identity[:SHORT_ID_LENGTH] if isinstance(identity, str) else ""
