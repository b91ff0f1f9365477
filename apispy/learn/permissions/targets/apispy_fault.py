"""apispy itself: a --fault rule that answers every other operation with 403, to try rules in a test.

It names operations, not paths. All unknown operations together are ``op:?``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apispy.engine import lookup
from apispy.errors import UsageError
from apispy.learn.permissions.paths import Request
from apispy.learn.permissions.targets.base import Decision, Grant, Target, used
from apispy.learn.permissions.usage import Permission, Usage

_OPERATION = re.compile(r"\bop:([A-Za-z*?]+)")
UNKNOWN = "?"
"""The name of unknown operations in a filter expression."""


@dataclass(frozen=True, slots=True)
class Operations:
    """The operations that are allowed."""

    names: tuple[str, ...]

    @property
    def rules(self) -> Sequence[str]:
        return [f"op:{name}" for name in self.names]

    def decide(self, request: Request) -> Decision:
        name = lookup(request.method, request.full_path).operation.id or UNKNOWN
        if name in self.names:
            return Decision(True, (self.names.index(name),))
        return Decision(False, reason="the fault rule applies")


def _grant(usage: Usage) -> Grant:
    by_name: dict[str, list[Permission]] = {}
    for permission in usage.permissions:
        by_name.setdefault(permission.operation.id or UNKNOWN, []).append(permission)
    lines = [
        f"# {name}: {used(sum(one.calls for one in found), found[0].first)}"
        for name, found in by_name.items()
    ]
    allowed = " or ".join(f"op:{name}" for name in by_name)
    lines.append(f"apispy --fault 'not ({allowed}) status=403 message=\"not permitted\"'")
    return Grant(lines, Operations(tuple(by_name)))


def _read(text: Any) -> Operations:
    """Read the command line that was written here."""
    lines = [line for line in str(text).splitlines() if not line.lstrip().startswith("#")]
    found = re.search(r"not \(([^)]*)\) status=403", " ".join(lines))
    if not found:
        raise UsageError("expected a command like: apispy --fault 'not (op:ContainerList) status=403'")
    return Operations(tuple(dict.fromkeys(_OPERATION.findall(found[1]))))


APISPY = Target("apispy", "apispy, as a test", "#", _grant, _read)
