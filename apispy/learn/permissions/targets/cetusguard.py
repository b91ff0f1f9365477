"""hectorm/cetusguard: a file of rules "METHOD[,METHOD] PATTERN", regular expressions (Go) with variables.

Source: cetusguard/rule.go. Recent versions match the path alone, earlier ones the path and the query; so a rule that is
written here ends in an optional query, and a rule that is read is tried with both.
"""

import re
from typing import Any

from apispy.errors import UsageError
from apispy.learn.permissions.paths import ANY, NAME, SECTIONS, Part, Request
from apispy.learn.permissions.targets.base import (
    Decision,
    Grant,
    PatternPolicy,
    PatternRule,
    Target,
    go_pattern,
    remark,
)
from apispy.learn.permissions.usage import Permission, Usage

_VERSION = "(?:/v[0-9]+(?:[.][0-9]+)*)?"
_HEX = "(?:[a-fA-F0-9]+)"
_CONTAINER = "(?:[a-zA-Z0-9][a-zA-Z0-9_.-]+)"
_IMAGE_NAME = (
    "(?:[a-zA-Z0-9][a-zA-Z0-9_.-]*(?::[0-9]+)?(?:/[a-zA-Z0-9][a-zA-Z0-9_.-]*)*"
    "(?::[a-zA-Z0-9_][a-zA-Z0-9_.-]*)?(?:@[a-zA-Z0-9_+.-]+:[a-fA-F0-9]+)?)"
)

VARIABLES = {
    "API_PREFIX": _VERSION,
    **{
        f"API_PREFIX_{name}": f"{_VERSION}/{'_ping' if name == 'PING' else name.lower()}" for name in SECTIONS
    },
    "CONTAINER_ID": _HEX,
    "CONTAINER_NAME": _CONTAINER,
    "CONTAINER_ID_OR_NAME": f"(?:{_HEX}|{_CONTAINER})",
    "VOLUME_ID": _HEX,
    "VOLUME_NAME": _CONTAINER,
    "VOLUME_ID_OR_NAME": f"(?:{_HEX}|{_CONTAINER})",
    "NETWORK_ID": _HEX,
    "NETWORK_NAME": "(?:[^/]+)",
    "NETWORK_ID_OR_NAME": f"(?:{_HEX}|[^/]+)",
    "IMAGE_ID": "(?:(?:[a-zA-Z0-9_-]+:)?[a-fA-F0-9]+)",
    "IMAGE_NAME": _IMAGE_NAME,
    "IMAGE_REFERENCE": _IMAGE_NAME,
    "IMAGE_ID_OR_NAME": f"(?:(?:[a-zA-Z0-9_-]+:)?[a-fA-F0-9]+|{_IMAGE_NAME})",
    "IMAGE_ID_OR_REFERENCE": f"(?:(?:[a-zA-Z0-9_-]+:)?[a-fA-F0-9]+|{_IMAGE_NAME})",
    "PLUGIN_ID": _HEX,
    "PLUGIN_NAME": _IMAGE_NAME,
    "PLUGIN_ID_OR_NAME": f"(?:{_HEX}|{_IMAGE_NAME})",
}
"""The variables, with patterns that match what CetusGuard's do for valid names; an unknown one stays literal text."""

BUILT_IN = ("GET,HEAD %API_PREFIX_PING%", "GET %API_PREFIX_VERSION%", "GET %API_PREFIX_INFO%")
"""Rules that it has unless -no-builtin-rules is given."""

_RULE = re.compile(r"[\t ]*([A-Z]+(?:,[A-Z]+)*)[\t ]+(.+?)[\t ]*")
_QUERY = "([?].*)?"
_EXACT = {
    ("containers", NAME): "CONTAINER_ID_OR_NAME",
    ("volumes", NAME): "VOLUME_ID_OR_NAME",
    ("networks", ANY): "NETWORK_ID_OR_NAME",
}
"""By first part of the path and pattern of a name: the variable that matches the same names."""


class Rules(PatternPolicy, frozen=True):
    """The rules of a file. The patterns are searched in the path, or else in the path and the query."""

    def decide(self, request: Request) -> Decision:
        path = request.full_path
        for number, rule in enumerate(self.patterns):
            with_query = f"{path}?{request.query}" if request.query else path
            if rule.allows(request.method, path) or rule.allows(request.method, with_query):
                return Decision(True, (number,))
        return Decision(False, reason=self.default)


def _full_path(request: Request) -> str:
    return request.full_path


def _grant(usage: Usage) -> Grant:
    lines, rules = ["! -no-builtin-rules closes what is open without a rule: ping, version and info."], []
    for permission in usage.permissions:
        line = f"{permission.method} {_pattern(permission)}"
        lines += [f"! {remark(permission)}", line]
        rules.append(_rule(line, line))
    return Grant(lines, Rules((*rules, *_built_in()), _full_path))


def _pattern(permission: Permission) -> str:
    """Return the pattern of a rule, with variables for what they describe exactly."""
    _, root, *rest = permission.parts
    section = root.text.upper().removeprefix("_")
    prefix = (
        f"%API_PREFIX_{section}%" if section in SECTIONS and not root.name else f"%API_PREFIX%/{root.pattern}"
    )
    return "/".join([prefix, *(_part(root.text, part) for part in rest)]) + _QUERY


def _part(root: str, part: Part) -> str:
    if not part.name:
        return part.pattern
    variable = _EXACT.get((root, part.text))
    return f"%{variable}%" if variable else part.text


def _built_in() -> list[PatternRule]:
    return [_rule(line, f"built in: {line}") for line in BUILT_IN]


def _rule(line: str, place: str) -> PatternRule:
    found = _RULE.fullmatch(line)
    if not found:
        raise UsageError(f"{place}: expected METHOD PATTERN, such as GET %API_PREFIX_CONTAINERS%/json")
    pattern = re.sub(r"%([A-Z0-9_]+)%", lambda name: VARIABLES.get(name[1], name[0]), found[2])
    checked = go_pattern(pattern, f"^{pattern}$", place)
    return PatternRule(place, frozenset(found[1].split(",")), checked)


def _read(text: Any) -> Rules:
    rules = []
    for number, line in enumerate(str(text).splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("!"):
            rule = _rule(line.strip(), f"line {number}")
            rules.append(PatternRule(line.strip(), rule.methods, rule.pattern))
    if not rules:
        raise UsageError("the file has no rules; expected lines such as GET %API_PREFIX_CONTAINERS%/json")
    return Rules((*rules, *_built_in()), _full_path)


CETUSGUARD = Target("cetusguard", "hectorm/cetusguard", "!", _grant, _read)
