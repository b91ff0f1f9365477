"""Permissions and checks as JSON values."""

from typing import Any

from apispy.learn.permissions.check import Check
from apispy.learn.permissions.paths import pattern_of
from apispy.learn.permissions.usage import Usage


def usage_json(usage: Usage) -> dict[str, Any]:
    """Return the permissions and clients as JSON."""
    return {
        "calls": usage.calls,
        "left_out": usage.left_out,
        "clients": [
            {
                "user_agent": client.agent,
                "process": client.process,
                "pids": sorted(client.processes),
                "calls": client.calls,
            }
            for client in usage.clients
        ],
        "permissions": [
            {
                "operation": one.operation.id,
                "method": one.method,
                "path": one.template,
                "pattern": pattern_of(one.parts),
                "level": one.level,
                "calls": one.calls,
                "first": one.first,
                "dangers": [{"reason": reason, "first": first} for reason, first in one.dangers.items()],
            }
            for one in usage.permissions
        ],
    }


def check_json(check: Check) -> dict[str, Any]:
    """Return the result of a check as JSON."""
    return {
        "calls": check.calls,
        "refused_calls": check.refused_calls,
        "refused": [
            {
                "operation": one.name,
                "method": one.method,
                "path": one.path,
                "reason": one.reason,
                "calls": one.calls,
                "first": one.first,
            }
            for one in check.refused
        ],
        "used_rules": [{"rule": rule, "calls": calls} for rule, calls in check.used],
        "unused_rules": check.unused,
    }
