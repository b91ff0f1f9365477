"""apispy itself: a file for its option --policy, with the operations that are allowed.

What no call asked for in a body is denied. All unknown operations together are ``op:?``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from apispy.engine import Call, lookup
from apispy.filters.policy import Policy, Rule, parse_policy
from apispy.learn.permissions.paths import Request
from apispy.learn.permissions.targets.base import Decision, Grant, Target, used
from apispy.learn.permissions.usage import Bodies, Permission, Usage
from apispy.model import Direction, Exchange, Item
from apispy.model import Request as SentRequest

UNKNOWN = "?"
"""The name of unknown operations in a filter expression."""

DENIALS: tuple[tuple[str, Callable[[Bodies], bool]], ...] = (
    ("privileged", lambda asked: asked.privileged or asked.privileged_exec),
    ("bind", lambda asked: bool(asked.binds)),
    ("device", lambda asked: bool(asked.devices)),
    ("cap", lambda asked: bool(asked.capabilities)),
    ("network:host or pid:host or ipc:host or uts:host or userns:host", lambda asked: bool(asked.host_modes)),
)
"""Filters of ``deny`` lines, and whether a call asked for what they deny."""

MAY_ASK = (
    "ContainerCreate",
    "ContainerExec",
    "ServiceCreate",
    "ServiceUpdate",
    "VolumeCreate",
    "ContainerStart",
)
"""Operations whose body may ask for it."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """A request, as far as a policy needs it."""

    exchange: Exchange
    call: Call
    items: dict[Direction, tuple[Item, ...]]
    errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    failed: bool = False
    aliases: Callable[[str], tuple[str, ...]] = field(default=lambda name: (name,))


@dataclass(frozen=True, slots=True)
class _FilePolicy:
    """The rules of a file."""

    policy: Policy

    @property
    def _allowing(self) -> list[Rule]:
        return [rule for rule in self.policy.rules if rule.verb == "allow"]

    @property
    def rules(self) -> Sequence[str]:
        return [str(rule) for rule in self._allowing]

    def decide(self, request: Request) -> Decision:
        target = request.full_path + (f"?{request.query}" if request.query else "")
        exchange = Exchange(0, 0, 0.0, "", "", SentRequest(request.method, target))
        items: dict[Direction, tuple[Item, ...]] = {"request": (Item("json", "body", request.body, (0, 0)),)}
        verdict = self.policy.decide(_Subject(exchange, lookup(request.method, target), items))
        if verdict is None or not verdict.allowed:
            return Decision(
                False, reason=verdict.reason if verdict else "the rules need more than the request"
            )
        return Decision(True, (self._allowing.index(verdict.rule),) if verdict.rule in self._allowing else ())


def _grant(usage: Usage) -> Grant:
    by_name: dict[str, list[Permission]] = {}
    for permission in usage.permissions:
        by_name.setdefault(permission.operation.id or UNKNOWN, []).append(permission)
    lines = []
    for name, found in by_name.items():
        lines += [f"# {name}: {used(sum(one.calls for one in found), found[0].first)}", f"allow op:{name}"]
    denied = [text for text, asked in DENIALS if not asked(usage.bodies)]
    if denied and any(name in MAY_ASK for name in by_name):
        lines += ["# No call asked for these:", *(f"deny {text}" for text in denied)]
    return Grant(lines, _FilePolicy(Policy(parse_policy("\n".join(lines)) if by_name else [])))


def _read(text: Any) -> _FilePolicy:
    return _FilePolicy(Policy(parse_policy(str(text))))


APISPY = Target("apispy", "apispy --policy", "#", _grant, _read)
