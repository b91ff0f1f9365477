"""``GET /v1.18/containers/json?all=1``, a bare path, or a URL."""

import re

from apispy.engine import OPERATIONS, Call, lookup
from apispy.learn.explain.records import Question

METHODS = tuple(dict.fromkeys(row.method for row in OPERATIONS if row.method not in ("", "OPTIONS")))
"""Those that a bare path is tried with. OPTIONS is answered for every path, which tells nothing."""

_NAME = re.compile(r"\{\w+\}")
_LINE = re.compile(
    r"(?:(?!curl|docker)([A-Za-z]+)\s+)?(/\S*|[a-z][a-z0-9+]*://\S+)(?:\s+HTTP/[\d.]+)?", re.IGNORECASE
)


def request_line(text: str) -> tuple[Question, ...] | None:
    """The call of a request line, or those that a bare path may be; () if Docker has none, None for other text."""
    line = _LINE.fullmatch(text)
    if not line:
        return None
    return tuple(Question(call.operation, call) for call in calls(line[1] or "", line[2]))


def calls(method: str, target: str) -> tuple[Call, ...]:
    """The known one of *method*, or if it is "" those of any method whose paths fit best."""
    found = [call for one in ([method] if method else METHODS) if (call := lookup(one.upper(), target)).known]
    best = max(map(_fixed, found), default=0)
    return tuple({call.operation: call for call in found if _fixed(call) == best}.values())


def _fixed(call: Call) -> int:
    """How much of the path is no name: of /containers/json more as ContainerList than as the deletion of "json"."""
    return len(_NAME.sub("", call.operation.path))
