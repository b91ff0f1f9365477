"""apispy itself: a file for its option --policy, with the operations that are allowed.

What no call asked for in a body is denied. All unknown operations together are ``op:?``.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from apispy.engine import lookup
from apispy.engine.effects import TUNNEL
from apispy.engine.requested_builds import SOLVES
from apispy.engine.tables.grpc_methods import GRPC_CALL
from apispy.filters.policy import Policy, Rule, Verdict, parse_policy
from apispy.filters.subject import Asked
from apispy.learn.permissions.paths import Request
from apispy.learn.permissions.targets.base import Decision, Grant, Target, used
from apispy.learn.permissions.usage import Bodies, Permission, Usage
from apispy.model import Direction, Exchange, Item
from apispy.model import Request as SentRequest
from apispy.structs import Struct

UNKNOWN = "?"
"""The name of unknown operations in a filter expression."""

GRPC_PATH = re.compile(r"/[A-Za-z0-9_.]+/[A-Za-z0-9_]+")
"""The path of a gRPC method. Clients choose it: another text could be a pattern, or add a rule to the file."""


def _privileged(asked: Bodies) -> bool:
    """Whether something privileged was asked for, which includes all devices and capabilities."""
    return asked.privileged or asked.privileged_exec or asked.build_privileged


DENIALS: tuple[tuple[str, Callable[[Bodies], bool]], ...] = (
    ("privileged", _privileged),
    ("bind", lambda asked: bool(asked.binds)),
    ("device", lambda asked: bool(asked.devices) or asked.build_devices or _privileged(asked)),
    ("cap", lambda asked: bool(asked.capabilities) or _privileged(asked)),
    (
        "network:host or pid:host or ipc:host or uts:host or userns:host",
        lambda asked: bool(asked.host_modes) or asked.build_host_network,
    ),
)
"""Filters of ``deny`` lines, and whether a call asked for what they deny."""

MAY_ASK = (
    "ContainerCreate",
    "ContainerExec",
    "ServiceCreate",
    "ServiceUpdate",
    "VolumeCreate",
    "ContainerStart",
    "ImageBuild",
    *SOLVES,
)
"""Operations whose body or message may ask for it."""


class _FilePolicy(Struct, frozen=True):
    """The rules of a file."""

    policy: Policy

    @property
    def _allowing(self) -> list[Rule]:
        return [rule for rule in self.policy.rules if rule.verb == "allow"]

    @property
    def rules(self) -> Sequence[str]:
        return [str(rule) for rule in self._allowing]

    def decide(self, request: Request) -> Decision:
        return self._decision(self._verdict(request))

    def decide_call(self, path: str, message: Any) -> Decision:
        """Decide about a gRPC call in a tunnel; *message*: what is known of its message."""
        opened = self._verdict(Request("POST", "/grpc", "/grpc"))
        return self._decision(
            self._verdict(Request("POST", path, path, "", message or {}), opened.granted if opened else None)
        )

    def _verdict(self, request: Request, granted: Rule | None = None) -> Verdict | None:
        target = request.full_path + (f"?{request.query}" if request.query else "")
        exchange = Exchange(0, 0, 0.0, "", "", SentRequest(request.method, target))
        items: dict[Direction, tuple[Item, ...]] = {"request": (Item("json", "body", request.body, (0, 0)),)}
        return self.policy.decide(Asked(exchange, lookup(request.method, target), items), granted)

    def _decision(self, verdict: Verdict | None) -> Decision:
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
    if usage.methods:  # its calls are allowed one by one
        by_name.pop(TUNNEL, None)
    odd = []
    for method in usage.methods.values():
        allowed = _allowed_method(method.path)
        if allowed is None:
            odd.append(method)
            continue
        name = allowed.partition(":")[2]
        lines += [f"# {name}: {used(method.calls, method.first)}, in a tunnel", f"allow {allowed}"]
        by_name.setdefault(name, [])
    for name, found in by_name.items():
        if not found:
            continue
        lines += [f"# {name}: {used(sum(one.calls for one in found), found[0].first)}", f"allow op:{name}"]
    if odd:
        calls = used(sum(one.calls for one in odd), odd[0].first)
        lines.append(f"# Not allowed: gRPC calls whose path is not /package.Service/Method ({calls})")
    denied = [text for text, asked in DENIALS if not asked(usage.bodies)]
    if denied and any(name in MAY_ASK for name in by_name):
        lines += ["# No call asked for these:", *(f"deny {text}" for text in denied)]
    return Grant(lines, _FilePolicy(Policy(parse_policy("\n".join(lines)) if by_name else [])))


def _allowed_method(path: str) -> str | None:
    """Return the filter of a rule for a gRPC method; None if a rule with its path could mean something else."""
    operation = lookup("POST", path).operation
    if operation.tag != GRPC_CALL.tag:
        return None
    if operation is not GRPC_CALL:
        return f"op:{operation.id}"
    return f"path:{path}" if GRPC_PATH.fullmatch(path) else None


def _read(text: Any) -> _FilePolicy:
    return _FilePolicy(Policy(parse_policy(str(text))))


APISPY = Target("apispy", "apispy --policy", "#", _grant, _read)
