"""Parses a request line (``GET /v1.18/containers/json?all=1``), a path, or a URL."""

import difflib
import re

from apispy.engine import OPERATIONS, Call, lookup
from apispy.learn.explain.records import Question

METHODS = tuple(dict.fromkeys(row.method for row in OPERATIONS if row.method not in ("", "OPTIONS")))
"""Methods to try for a path. OPTIONS exists for every path, so it is left out."""

_NAME = re.compile(r"\{\w+\}")
_VERSION = re.compile(r"^/v[\d.]+(?=/)")
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


def near_paths(target: str) -> list[str]:
    """Return "METHOD /path" of up to three operations whose paths are similar to that of *target*."""
    path = _VERSION.sub("", target.partition("?")[0])
    templates = {row.path: row for row in reversed(OPERATIONS) if row.method and row.path != "/{anyroute}"}
    near = difflib.get_close_matches(path, templates, n=3, cutoff=0.7)
    near = near or [one for one in templates if _like(one, path)][:3]
    return [f"{templates[one].method} {one}" for one in near]


def _like(template: str, path: str) -> bool:
    """Whether each part of *path* is a name, or similar to the fixed part in its place."""
    ours, theirs = template.split("/"), path.split("/")
    return len(ours) == len(theirs) and all(
        one.startswith("{") or difflib.SequenceMatcher(None, one, other).ratio() >= 0.75
        for one, other in zip(ours, theirs, strict=True)
    )
