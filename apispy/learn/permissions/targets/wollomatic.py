"""wollomatic/socket-proxy: one regular expression (Go) for each method, on the path with version, without query.

Source: internal/config of 41d9f30. It adds ^ and $ without a group, so a pattern with | needs parentheses of its own.
A flag -allowGET for a method replaces the variables SP_ALLOW_GET of that method; labels are read like flags.
"""

import re
from typing import Any

from apispy.errors import UsageError
from apispy.learn.permissions.paths import VERSION, Request, pattern_of
from apispy.learn.permissions.targets.base import (
    Grant,
    PatternPolicy,
    PatternRule,
    Target,
    go_pattern,
    remark,
)
from apispy.learn.permissions.usage import Usage

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "TRACE", "OPTIONS")

_FLAG = re.compile(rf"-allow({'|'.join(METHODS)})[= ](.*)")
_VARIABLE = re.compile(rf"SP_ALLOW_({'|'.join(METHODS)})(?:_[A-Za-z0-9_]+)?[\"']?\s*[=:]\s*(.*)")
_LABEL = re.compile(rf"socket-proxy\.allow\.({'|'.join(METHODS).lower()})(?:\.\d+)?[\"']?\s*[=:]\s*(.*)")


def _policy(rules: list[PatternRule]) -> PatternPolicy:
    return PatternPolicy(tuple(rules), _full_path, "no pattern of its method matches")


def _full_path(request: Request) -> str:
    return request.full_path


def _grant(usage: Usage) -> Grant:
    lines = [
        "services:",
        "  socket-proxy:",
        "    image: wollomatic/socket-proxy:1",
        "    volumes:",
        "      - /var/run/docker.sock:/var/run/docker.sock:ro",
        "    command:",
        "      # -listenip=0.0.0.0 and -allowfrom=CLIENT let other containers in",
    ]
    rules = []
    for permission in usage.permissions:
        pattern = f"{VERSION}{pattern_of(permission.parts)}"
        if permission.method not in METHODS:
            lines.append(f"      # it has no flag for the method {permission.method}")
            continue
        flag = f"-allow{permission.method}={pattern}"
        rules.append(PatternRule(flag, frozenset([permission.method]), f"^{pattern}\\Z"))
        lines += [f"      # {remark(permission)}", f"      - '{flag}'"]
    if usage.bodies.binds:
        sources = ",".join(sorted(usage.bodies.binds))
        lines += ["      # mounts of the host in bodies", f"      - '-allowbindmountfrom={_quoted(sources)}'"]
    return Grant(lines, _policy(rules))


def _quoted(text: str) -> str:
    """Return *text* for single quotes in a Compose file."""
    printable = "".join(char for char in text if char.isprintable())
    return printable.replace("'", "''").replace("$", "$$")


def _read(text: Any) -> PatternPolicy:
    """Read flags, variables and labels, one a line, of a command line or a Compose file."""
    flags: list[PatternRule] = []
    variables: list[PatternRule] = []
    for number, line in enumerate(str(text).splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        for form, found in ((_FLAG, flags), (_LABEL, flags), (_VARIABLE, variables)):
            if match := form.search(line):
                found.append(_rule(match[1].upper(), match[2], number))
    replaced = {method for rule in flags for method in rule.methods}
    rules = [*flags, *(rule for rule in variables if not rule.methods & replaced)]
    if not rules:
        raise UsageError("the file has no -allowGET=..., SP_ALLOW_GET=... or label socket-proxy.allow.get")
    return _policy(rules)


def _rule(method: str, value: str, number: int) -> PatternRule:
    pattern = _unquoted(value)
    checked = go_pattern(pattern, f"^{pattern}$", f"line {number}")
    return PatternRule(f"-allow{method}={pattern}", frozenset([method]), checked)


def _unquoted(value: str) -> str:
    """Return the value without quotes of YAML or a shell, the end of a line of a shell, and Compose's $$."""
    value = re.sub(r"(\s+#.*|\s*\\)$", "", value.strip()).strip().rstrip(",")
    value = value.strip("'\"")
    return value.replace("$$", "$")


WOLLOMATIC = Target("wollomatic", "wollomatic/socket-proxy", "#", _grant, _read)
