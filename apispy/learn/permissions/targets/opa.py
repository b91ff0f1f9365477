"""Open Policy Agent in the daemon's authorization plugin (opa-docker-authz): a policy in Rego.

The plugin asks for ``data.docker.authz.allow`` with an input that has the method and the decoded path without query
(``PathPlain``). A Rego policy can say anything, so only files in the form that is written here can be read again.
"""

import json
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

_BEGIN, _END = "rules := [", "]"
_RULE = re.compile(r"\s*(\{.*\}),\s*")

_TAIL = """
allow if {
  some rule in rules
  rule.method == input.Method
  regex.match(rule.path, input.PathPlain)
}"""


def _full_path(request: Request) -> str:
    return request.full_path


def _grant(usage: Usage) -> Grant:
    lines = ["package docker.authz", "", "import rego.v1", "", "default allow := false", "", _BEGIN]
    rules = []
    for permission in usage.permissions:
        rule = {"method": permission.method, "path": f"^{VERSION}{pattern_of(permission.parts)}$"}
        lines += [f"  # {remark(permission)}", f"  {json.dumps(rule)},"]
        rules.append(_rule(rule, "rule"))
    return Grant([*lines, _END, *_TAIL.split("\n")], PatternPolicy(tuple(rules), _full_path))


def _rule(rule: Any, place: str) -> PatternRule:
    method, path = str(rule.get("method")), str(rule.get("path"))
    return PatternRule(json.dumps(rule), frozenset([method]), go_pattern(path, path, place))


def _read(text: Any) -> PatternPolicy:
    """Read the rules of a file that was written here."""
    lines = str(text).splitlines()
    if _BEGIN not in lines or not {line.strip() for line in _TAIL.splitlines()} <= {
        line.strip() for line in lines
    }:
        raise UsageError(
            "only policies that `apispy permissions --for opa` wrote can be checked. For any other, run: "
            "opa eval -d FILE -i INPUT data.docker.authz.allow"
        )
    rules = []
    for number, line in enumerate(lines[lines.index(_BEGIN) + 1 :], lines.index(_BEGIN) + 2):
        if line.strip() == _END:
            break
        if line.strip() and not line.lstrip().startswith("#"):
            rules.append(_rule(_json_rule(line, number), f"line {number}"))
    return PatternPolicy(tuple(rules), _full_path)


def _json_rule(line: str, number: int) -> Any:
    try:
        found = _RULE.fullmatch(line)
        rule = json.loads(found[1] if found else line)
    except ValueError:
        rule = None
    if not isinstance(rule, dict) or not {"method", "path"} <= rule.keys():
        raise UsageError(f'line {number}: expected {{"method": ..., "path": ...}},')
    return rule


OPA = Target("opa", "opa-docker-authz", "#", _grant, _read)
