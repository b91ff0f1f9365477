"""Rules for a target as lines of text: a heading, the rules, and what else they open."""

import textwrap

from apispy.engine.operation import Operation
from apispy.engine.operations import FOREIGN_TAGS, OPERATIONS
from apispy.learn.permissions import dangers
from apispy.learn.permissions.paths import Request
from apispy.learn.permissions.targets import Policy, Target
from apispy.learn.permissions.usage import Usage
from apispy.learn.wording import count

WIDTH = 110
"""Columns of a comment."""

UNKNOWN_PATHS = ("/no.such.path", "/no.such.path/no.such.part")
"""Paths of no operation."""


def write_rules(target: Target, usage: Usage) -> list[str]:
    """Return the lines of a file for *target* that allows every call of *usage*.

    Comments say which calls need each rule, and which other operations the rules open.
    """
    grant = target.grant(usage)
    heading = [f"Rules for {target.title}, from {count(usage.calls, 'call')} by apispy permissions."]
    if usage.left_out:
        heading.append(
            f"{count(usage.left_out, 'call')} of more than 2000 different requests are not covered."
        )
    heading += _extra(also_opened(grant.policy, usage), opens_unknown_paths(grant.policy))
    comments = [line for text in heading for line in _wrapped(text)]
    return [*(f"{target.comment} {line}" for line in comments), *grant.lines]


def _extra(opened: list[Operation], unknown: bool) -> list[str]:
    """Say which other operations the rules open, those first that are dangerous, and whether *unknown* paths."""
    paths = ["They also open paths that apispy does not know."] if unknown else []
    dangerous = [operation.id for operation in opened if operation.id in dangers.OPERATIONS]
    others = [operation.id for operation in opened if operation.id not in dangers.OPERATIONS]
    if not opened:
        return paths or ["They open no other operation."]
    found = [f"They also open what no call used: {', '.join(others)}."] if others else []
    return [
        *([f"They also open these dangerous operations: {', '.join(dangerous)}."] if dangerous else []),
        *found,
        *paths,
    ]


def also_opened(policy: Policy, usage: Usage) -> list[Operation]:
    """Return the operations of current engines that *policy* allows and no call of *usage* used."""
    used = {permission.operation.id for permission in usage.permissions}
    return [
        operation
        for operation in OPERATIONS
        if operation.id not in used
        and not operation.last
        and operation.tag not in FOREIGN_TAGS
        and "{anyroute}" not in operation.path
        and policy.decide(Request.of_operation(operation)).allowed
    ]


def opens_unknown_paths(policy: Policy) -> bool:
    """Whether *policy* allows requests of paths that no operation has and that no call is likely to have used."""
    return any(
        policy.decide(Request(method, path, path)).allowed
        for method in ("GET", "POST", "DELETE")
        for path in UNKNOWN_PATHS
    )


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
