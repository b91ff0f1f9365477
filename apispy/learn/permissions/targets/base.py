"""The interface of a target: it writes rules that grant what calls need, and reads rules to decide about requests."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

from apispy.errors import UsageError
from apispy.learn.permissions.paths import Request, compiled
from apispy.learn.permissions.usage import Permission, Usage
from apispy.learn.wording import count
from apispy.structs import Struct


class Decision(Struct, frozen=True):
    """What a policy does with a request. *rules* are the numbers of the rules that decided, from 0."""

    allowed: bool
    rules: tuple[int, ...] = ()
    reason: str = ""  # why it is refused


class Policy(Protocol):
    """Rules of a target, with its own semantics."""

    @property
    def rules(self) -> Sequence[str]:
        """The rules that allow something, as the file has them."""

    def decide(self, request: Request) -> Decision: ...


@runtime_checkable
class TunnelPolicy(Protocol):
    """Rules that also decide about each gRPC call in a tunnel."""

    def decide_call(self, path: str, message: Any) -> Decision: ...


class Grant(Struct, frozen=True):
    """Rules for a usage: the *lines* of a file, and the policy that the file has."""

    lines: list[str]
    policy: Policy


class Target(Struct, frozen=True):
    """A socket proxy or policy. ``read`` takes a text, or a YAML document as plain values; it raises UsageError."""

    name: str
    title: str
    comment: str  # begins a line of a comment
    grant: Callable[[Usage], Grant]
    read: Callable[[Any], Policy]
    reads: Literal["text", "yaml"] = "text"


class PatternRule(Struct, frozen=True):
    """A rule that allows *methods* (none: every method) on paths that match *pattern*."""

    text: str
    methods: frozenset[str]
    pattern: str

    def allows(self, method: str, path: str) -> bool:
        """Whether the rule allows a request. The pattern is searched, so that it needs its own anchors."""
        return (not self.methods or method in self.methods) and bool(compiled(self.pattern).search(path))


class PatternPolicy(Struct, frozen=True):
    """Rules of which one must allow a request. *path_of* is the text that the patterns are matched with."""

    patterns: tuple[PatternRule, ...]
    path_of: Callable[[Request], str]
    default: str = "no rule matches"

    @property
    def rules(self) -> Sequence[str]:
        return [rule.text for rule in self.patterns]

    def decide(self, request: Request) -> Decision:
        path = self.path_of(request)
        for number, rule in enumerate(self.patterns):
            if rule.allows(request.method, path):
                return Decision(True, (number,))
        return Decision(False, reason=self.default)


def remark(permission: Permission) -> str:
    """Return the comment on a rule: its operation, how many calls use it, and the first of them."""
    return f"{permission.name}: {used(permission.calls, permission.first)}"


def remark_all(permissions: Iterable[Permission]) -> str:
    """Return the comment on a rule that several permissions need."""
    names = [f"{one.name} ({used(one.calls, one.first)})" for one in permissions]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def used(calls: int, first: str) -> str:
    return f"{count(calls, 'call')}, first {first}"


_NOT_IN_GO = re.compile(r"\(\?(?:[=!>(#]|<[=!]|P=)|\\[1-9]|[*+?}]\+")
"""Look-arounds, conditions, comments, backreferences and possessive quantifiers."""


def go_pattern(typed: str, pattern: str, place: str) -> str:
    """Return *pattern* of Go, which has *typed* from the user's file in it, for Python.

    Raises UsageError for one that Go refuses or that Python cannot compile.
    """
    if found := _NOT_IN_GO.search(typed):
        raise UsageError(
            f"{place}: Go's regular expressions have no {found[0]!r}; write the pattern without it"
        )
    # $ matches only at the end of the text, as \Z does, unless (?m) is set.
    translated = re.sub(r"(?<!\\)\$", r"\\Z", pattern).replace(r"\z", r"\Z")
    try:
        compiled(translated)
    except re.error as error:
        raise UsageError(f"{place}: {typed!r} is not a regular expression: {error}") from None
    return translated
