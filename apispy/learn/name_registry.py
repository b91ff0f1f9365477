"""Remembers the names of IDs, and which programs have a terminal, over all connections.

Docker's clients send IDs of 64 digits. Their names come from earlier calls, often on other connections.
"""

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apispy.engine import Call
from apispy.engine.json_fields import field_value
from apispy.learn.name_rules import NAMES, TERMINALS, TTY_DEFAULTS_TO_FALSE, values_at
from apispy.recent import remember

MAX_IDS = 20_000
"""IDs remembered; the least recently learned are dropped first."""

SHORT_ID_LENGTH = 12
"""Digits of an ID that the docker CLI prints and accepts."""

MAX_NAME_LENGTH = 80

NO_NAME = "<none>"
"""How the daemon begins the name of an image without one: "<none>:<none>", "<none>@<none>"."""

_ID = re.compile(
    r"\b(?:sha256:)?([0-9a-f]{64}|[0-9a-f]{12}|[0-9a-z]{25})\b"
)  # the last form is that of swarm

NAMING_OPERATIONS = frozenset((*NAMES, *TERMINALS, "ContainerExec"))
"""Operations that the registry learns from."""

CallParts = Mapping[str, Any]
"""A call's "request" and "response" JSON, "query" parameters and "path" arguments."""


class NameRegistry:
    """Learns names from finished calls; everything in it came over the wire."""

    def __init__(self) -> None:
        self._names: OrderedDict[str, str] = OrderedDict()
        self._ids: OrderedDict[str, str] = OrderedDict()
        self._terminals: OrderedDict[str, bool] = OrderedDict()
        self.version = 0  # counts what was learned that was not known before

    def learn(self, call: Call, requests: Sequence[Any], responses: Sequence[Any]) -> None:
        """Learn from a call: the JSON of its request, if any, and each JSON value of its response."""
        operation = call.operation.id
        if operation not in NAMING_OPERATIONS:
            return
        for response in responses or (None,):
            parts = _parts(call, requests[0] if requests else None, response)
            for rule in NAMES.get(operation, ()):
                for identity, name in zip(_all(parts, rule.id), _all(parts, rule.name), strict=False):
                    self._name(identity, name)
            self._terminal(operation, parts)
            if operation == "ContainerExec":
                self._name_exec(call, parts)

    def name_of(self, identity: str) -> str:
        """Return the name of an ID (64 digits, or its first 12); "" if unknown."""
        return self._names.get(identity.removeprefix("sha256:")[:SHORT_ID_LENGTH], "")

    def aliases(self, identity: str) -> tuple[str, ...]:
        """Return all known forms of a name or ID: itself, the first 12 digits of the ID, the name."""
        found = _ID.fullmatch(identity)
        short = self._ids.get(identity) or (found[1][:SHORT_ID_LENGTH] if found else "")
        return tuple(dict.fromkeys(filter(None, (identity, short, self._names.get(short)))))

    def labelled(self, text: str) -> str:
        """Shorten every ID in *text* to 12 digits and add its name: "web (c12250feba24)"."""
        return _ID.sub(self._label, text)

    def terminal(self, call: Call, request: Any) -> bool | None:
        """Whether the program whose streams this call carries has a terminal; None if unknown."""
        if call.operation.id == "ExecStart" and isinstance(request, dict):
            return bool(field_value(request, "Tty"))
        name = call.arguments.get("id", "")
        return self._terminals.get(self._ids.get(name, name[:SHORT_ID_LENGTH]))

    # -- parts --

    def _label(self, found: re.Match[str]) -> str:
        short = found[1][:SHORT_ID_LENGTH]
        name = self._names.get(short)
        if name is None:  # 25 letters may be any word
            return found[0] if len(found[1]) == 25 else short
        return f"{name} ({short})"

    def _name(self, identity: Any, name: Any) -> None:
        name = name[0] if isinstance(name, list) and name else name
        if not isinstance(identity, str) or not isinstance(name, str) or not name or name.startswith(NO_NAME):
            return
        short = self._ids.get(identity) or identity.removeprefix("sha256:")[:SHORT_ID_LENGTH]
        name = name.removeprefix("/")[:MAX_NAME_LENGTH]
        if self._names.get(short) == name and self._ids.get(name) == short:  # known already
            self._names.move_to_end(short)
            self._ids.move_to_end(name)
        elif not name.removeprefix("sha256:").startswith(short):  # then its name is its ID
            self.version += 1
            remember(self._names, short, name, MAX_IDS)
            remember(self._ids, name, short, MAX_IDS)

    def _name_exec(self, call: Call, parts: CallParts) -> None:
        """Name an exec by its container and program: "web:cat"."""
        container = call.arguments.get("id", "")
        words = next(_all(parts, "request.Cmd"), None)
        program = words[0] if isinstance(words, list) and words and isinstance(words[0], str) else ""
        name = f"{self.name_of(self._short_id(container)) or container[:SHORT_ID_LENGTH]}:{program.rpartition('/')[2]}"
        self._name(next(_all(parts, "response.Id"), None), name)

    def _terminal(self, operation: str, parts: CallParts) -> None:
        if rule := TERMINALS.get(operation):
            identity, has = next(_all(parts, rule.id), None), next(_all(parts, rule.name), None)
            if has is None and operation in TTY_DEFAULTS_TO_FALSE:
                has = False
            if isinstance(identity, str) and isinstance(has, bool):
                short = self._short_id(identity)
                if self._terminals.get(short) is not has:
                    self.version += 1
                remember(self._terminals, short, has, MAX_IDS)

    def _short_id(self, identity: str) -> str:
        """Return the first digits of an ID, or of the ID that a name stands for."""
        bare = identity.removeprefix("sha256:")
        return self._ids.get(identity) or bare[:SHORT_ID_LENGTH]


def _parts(call: Call, request: Any, response: Any) -> CallParts:
    return {"request": request, "response": response, "query": dict(call.query), "path": call.arguments}


def _all(parts: CallParts, path: str) -> Iterator[Any]:
    return values_at(parts, path.split("."))
