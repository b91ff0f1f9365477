"""Parses a request line (``GET /v1.18/containers/json?all=1``), a path, or a URL."""

import re

from apispy.engine import OPERATIONS, Call, lookup
from apispy.learn.explain.records import Question

METHODS = tuple(dict.fromkeys(row.method for row in OPERATIONS if row.method not in ("", "OPTIONS")))
"""Methods to try for a path. OPTIONS exists for every path, so it is left out."""

_NAME = re.compile(r"\{\w+\}")
_LINE = re.compile(
    r"(?:(?!curl|docker)([A-Za-z]+)\s+)?(/\S*|[a-z][a-z0-9+]*://\S+)(?:\s+HTTP/[\d.]+)?", re.IGNORECASE
)


def request_line(text: str) -> tuple[Question, ...] | None:
    """Return the call of a request line, or the calls of a path; () if Docker has none, None for other text."""
    line = _LINE.fullmatch(text)
    if not line:
        return None
    return tuple(Question(call.operation, call) for call in calls(line[1] or "", line[2]))


def calls(method: str, target: str) -> tuple[Call, ...]:
    """Return the known call with *method*, or if that is "", the calls of any method that match the path best."""
    found = [
        call for name in ([method] if method else METHODS) if (call := lookup(name.upper(), target)).known
    ]
    best = max(map(_fixed_length, found), default=0)
    return tuple({call.operation: call for call in found if _fixed_length(call) == best}.values())


def _fixed_length(call: Call) -> int:
    """Count the fixed characters of the path, so that /containers/json is ContainerList, not the deletion of "json"."""
    return len(_NAME.sub("", call.operation.path))
