"""Which container a recorded call is about, by whatever it was called: so that a call waits only for its own kind."""

import json
from typing import Any

from apispy.model import Exchange
from apispy.replay.recorded_calls import RecordedCall

SHORT = 12
"""Digits of an id that the docker CLI shows and takes."""


class CallSubjects:
    """Learns from a record what containers and the programs run in them are called."""

    def __init__(self, entries: list[RecordedCall]) -> None:
        self._ids: dict[str, str] = {}  # a name, or what an exec is called, and its container's short id
        for entry in entries:
            self._learn(entry)

    def of(self, entry: RecordedCall) -> str:
        """The short id, or name, of the container that the call is about; "" for a call about none, or about many."""
        path = entry.call.operation.path
        if not path.startswith(("/containers/{", "/exec/{")):
            return self._created(entry)
        return self._container(next(iter(entry.call.arguments.values()), ""))

    def _created(self, entry: RecordedCall) -> str:
        if entry.call.operation.id != "ContainerCreate":
            return ""
        return _id_in(entry.exchange) or entry.call.value("name")

    def _container(self, called: str) -> str:
        return self._ids.get(called) or self._ids.get(called[:SHORT]) or called[:SHORT]

    def _learn(self, entry: RecordedCall) -> None:
        made = _id_in(entry.exchange)
        match entry.call.operation.id:
            case "ContainerCreate" if made and (name := entry.call.value("name")):
                self._ids[name] = made
            case "ContainerExec" if made:
                self._ids[made] = self._container(entry.call.arguments.get("id", ""))
            case "ContainerRename":
                self._ids[entry.call.value("name")] = self._container(entry.call.arguments.get("id", ""))


def _id_in(exchange: Exchange) -> str:
    """The first digits of the id in the answer, "" if there is none."""
    if exchange.response is None or exchange.response.status >= 400:
        return ""
    try:
        value: Any = json.loads(exchange.response.body.data)
    except (ValueError, RecursionError):
        return ""
    identity = value.get("Id") if isinstance(value, dict) else None
    return identity[:SHORT] if isinstance(identity, str) else ""
