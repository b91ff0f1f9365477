"""Which call caused which: a container is created, then started, and attach and wait end because of that.

For formats with arrows or links between calls. A capture has the calls in the order in which they ended, so a cause
may come after its effect.
"""

from collections import OrderedDict, deque
from collections.abc import Callable

from apispy.decoders.grpc_messages import messages_of
from apispy.engine.json_fields import as_dict
from apispy.outputs.base import DecodedCall
from apispy.outputs.decoded_values import first_json
from apispy.outputs.exports.containers import container_of
from apispy.recent import remember
from apispy.structs import Struct

CAUSES = {
    "ContainerStart": "ContainerCreate",
    "ContainerAttach": "ContainerStart",
    "ContainerAttachWebsocket": "ContainerStart",
    "ContainerWait": "ContainerStart",
    "ExecStart": "ContainerExec",
    "ImageBuild": "Session",
    "Grpc": "Session",
    "Control/Solve": "Control/Session",
}
"""The operation that causes another one on the same container, exec or session of BuildKit.

A build takes its files from the session that its client opened for it.
"""

SESSION_HEADER = "x-docker-expose-session-uuid"
"""The request header with the ID of a session. Source: BuildKit session/session.go, headerSessionID."""

MAX_OBJECTS = 10_000
"""Containers, execs and sessions that are remembered; the ones without calls for the longest time are dropped first."""

MAX_CALLS = 16
"""Calls of one object that are remembered."""


class _Known[T](Struct, frozen=True):
    operation: str
    started: float
    ended: float
    failed: bool
    mark: T


class Causes[T]:
    """Remembers calls by a *mark*, which is whatever the format needs to point at a call."""

    def __init__(self) -> None:
        self._calls: OrderedDict[str, deque[_Known[T]]] = OrderedDict()

    def add(self, decoded: DecodedCall, mark: T) -> list[tuple[T, T]]:
        """Take the next call of a file. Returns the pairs (cause, effect) that it completes."""
        operation, exchange = decoded.call.operation.id, decoded.exchange
        if operation not in _OBJECTS:
            return []
        ended = exchange.started + exchange.duration
        new = _Known(operation, exchange.started, ended, decoded.failed, mark)
        pairs: list[tuple[T, T]] = []
        for name in _OBJECTS[operation](decoded):
            known = self._calls.get(name) or deque(maxlen=MAX_CALLS)
            causes = [one for one in known if _is_cause(one, new)]
            if causes:
                pairs.append((max(causes, key=lambda one: one.started).mark, new.mark))
            pairs += [(new.mark, one.mark) for one in known if _is_cause(new, one)]
            known.append(new)
            remember(self._calls, name, known, MAX_OBJECTS)
        return pairs


def may_be_linked(operation: str) -> bool:
    """Whether a call of *operation* may be a cause or an effect."""
    return operation in _OBJECTS


def _is_cause[T](cause: _Known[T], effect: _Known[T]) -> bool:
    is_rule = CAUSES.get(effect.operation) == cause.operation
    return is_rule and not cause.failed and cause.started < effect.ended


def _container(decoded: DecodedCall) -> list[str]:
    container = container_of(decoded)
    return [container.id or container.name] if container else []


def _exec(decoded: DecodedCall) -> list[str]:
    made = as_dict(first_json(decoded, "response")).get("Id")
    identity = decoded.call.arguments.get("id") if decoded.call.operation.id == "ExecStart" else made
    return [f"exec {identity[:12]}"] if isinstance(identity, str) and identity else []


def _opened_session(decoded: DecodedCall) -> list[str]:
    identity = decoded.exchange.request.headers.text(SESSION_HEADER)
    return [f"session {identity}"] if identity else []


def _used_sessions(decoded: DecodedCall) -> list[str]:
    """The sessions of a build: in the query of ImageBuild, in the messages of BuildKit's Solve."""
    found = [decoded.call.value("session")]
    for item in (*decoded.items.get("request", ()), *decoded.items.get("to_server", ())):
        found += [
            message["message"].get("Session") or ""
            for message in messages_of(item)
            if message["method"].endswith("Control/Solve") and isinstance(message.get("message"), dict)
        ]
    return [f"session {identity}" for identity in dict.fromkeys(found) if identity]


_OBJECTS: dict[str, Callable[[DecodedCall], list[str]]] = {
    "ContainerCreate": _container,
    "ContainerStart": _container,
    "ContainerAttach": _container,
    "ContainerAttachWebsocket": _container,
    "ContainerWait": _container,
    "ContainerExec": _exec,
    "ExecStart": _exec,
    "Session": _opened_session,
    "Control/Session": _opened_session,
    "ImageBuild": _used_sessions,
    "Grpc": _used_sessions,
    "Control/Solve": _used_sessions,
}
"""The objects of a call that others are about, too, by its operation."""
