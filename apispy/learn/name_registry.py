"""Remembers over all connections what ids are called, and which programs run in a terminal.

Docker's clients send ids of 64 digits; what they are called was said by an earlier call, often on another connection.
"""

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apispy.engine import Call
from apispy.learn.name_rules import ABSENT_IS_NO, NAMES, TERMINALS
from apispy.learn.places import at

LIMIT = 20_000
"""Ids that are remembered; the ones longest unused are forgotten first."""

SHORT = 12
"""Digits of an id that the docker CLI shows and takes."""

LONGEST_NAME = 80

_ID = re.compile(r"\b(?:sha256:)?([0-9a-f]{64}|[0-9a-f]{12}|[0-9a-z]{25})\b")  # the last form is swarm's

TELLING = frozenset((*NAMES, *TERMINALS, "ContainerExec"))
"""Operations that anything is learned from."""

Parts = Mapping[str, Any]
"""A call's "request" and "response" JSON, "query" and "path" parameters."""


class NameRegistry:
    """Learns from finished calls; everything in it was said on the wire."""

    def __init__(self) -> None:
        self._names: OrderedDict[str, str] = OrderedDict()
        self._ids: OrderedDict[str, str] = OrderedDict()
        self._terminals: OrderedDict[str, bool] = OrderedDict()

    def learn(self, call: Call, requests: Sequence[Any], answers: Sequence[Any]) -> None:
        """Take what a call has told: the JSON of its request, if any, and each JSON value of its answer."""
        operation = call.operation.id
        if operation not in TELLING:
            return
        for answer in answers or (None,):
            parts = _parts(call, requests[0] if requests else None, answer)
            for rule in NAMES.get(operation, ()):
                for identity, name in zip(_all(parts, rule.id), _all(parts, rule.name), strict=False):
                    self._name(identity, name)
            self._terminal(operation, parts)
            if operation == "ContainerExec":
                self._name_exec(call, parts)

    def name_of(self, identity: str) -> str:
        """What the id (64 digits, or its first 12) is called; "" when that is not known."""
        return self._names.get(identity.removeprefix("sha256:")[:SHORT], "")

    def aliases(self, identity: str) -> tuple[str, ...]:
        """All that a name or an id goes by: as it is typed, its first 12 digits, its name."""
        found = _ID.fullmatch(identity)
        short = self._ids.get(identity) or (found[1][:SHORT] if found else "")
        return tuple(dict.fromkeys(filter(None, (identity, short, self._names.get(short)))))

    def labelled(self, text: str) -> str:
        """*text* with every id in it cut to 12 digits, and its name before it: "web (c12250feba24)"."""
        return _ID.sub(self._label, text)

    def terminal(self, call: Call, request: Any) -> bool | None:
        """Whether the program whose streams this call carries has a terminal; None when nobody said."""
        if call.operation.id == "ExecStart" and isinstance(request, dict):
            return bool(request.get("Tty", False))
        name = call.arguments.get("id", "")
        return self._terminals.get(self._ids.get(name, name[:SHORT]))

    # -- parts --

    def _label(self, found: re.Match[str]) -> str:
        short = found[1][:SHORT]
        name = self._names.get(short)
        if name is None:  # 25 letters may be any word
            return found[0] if len(found[1]) == 25 else short
        return f"{name} ({short})"

    def _name(self, identity: Any, name: Any) -> None:
        name = name[0] if isinstance(name, list) and name else name
        if not isinstance(identity, str) or not isinstance(name, str) or not name:
            return
        short = self._full(identity)
        name = name.removeprefix("/")[:LONGEST_NAME]
        if name.removeprefix("sha256:").startswith(short):
            return  # called by its id
        _remember(self._names, short, name)
        _remember(self._ids, name, short)

    def _name_exec(self, call: Call, parts: Parts) -> None:
        """A program that is run in a container goes by both: "web:cat"."""
        where = call.arguments.get("id", "")
        words = next(_all(parts, "request.Cmd"), None)
        program = words[0] if isinstance(words, list) and words and isinstance(words[0], str) else ""
        name = f"{self.name_of(self._full(where)) or where[:SHORT]}:{program.rpartition('/')[2]}"
        self._name(next(_all(parts, "response.Id"), None), name)

    def _terminal(self, operation: str, parts: Parts) -> None:
        if rule := TERMINALS.get(operation):
            identity, has = next(_all(parts, rule.id), None), next(_all(parts, rule.name), None)
            if has is None and operation in ABSENT_IS_NO:
                has = False
            if isinstance(identity, str) and isinstance(has, bool):
                _remember(self._terminals, self._full(identity), has)

    def _full(self, identity: str) -> str:
        """An id's first digits; of a name, those of the id that it stands for."""
        bare = identity.removeprefix("sha256:")
        return self._ids.get(identity) or bare[:SHORT]


def _parts(call: Call, request: Any, answer: Any) -> Parts:
    return {"request": request, "response": answer, "query": dict(call.query), "path": call.arguments}


def _all(parts: Parts, place: str) -> Iterator[Any]:
    return at(parts, place.split("."))


def _remember[T](where: OrderedDict[str, T], key: str, value: T) -> None:
    where[key] = value
    where.move_to_end(key)
    if len(where) > LIMIT:
        where.popitem(last=False)
