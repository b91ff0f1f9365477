"""Paths of calls as parts, and as patterns in which names and IDs are classes.

The patterns use only what Go's RE2 and Python's ``re`` read alike: literal text, character classes, groups, ``?``,
``*``, ``+`` and ``|``. Dots are in brackets, so that no pattern needs a backslash, which YAML, shells and Rego quote
differently.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import unquote

from apispy.engine import Call
from apispy.engine.operation import Operation
from apispy.structs import Struct

NAME = "[a-zA-Z0-9][a-zA-Z0-9_.-]+"
"""Names and IDs of containers and volumes, and IDs of everything in a swarm."""

IMAGE = "[a-zA-Z0-9][a-zA-Z0-9_.:@-]*(/[a-zA-Z0-9][a-zA-Z0-9_.:@-]*)*"
"""References and IDs of images and plugins, which may have slashes."""

HEX = "[a-f0-9]+"
"""IDs of exec instances, and long IDs in paths of unknown calls."""

ANY = "[^/]+"
"""Any text without a slash: names of networks, and parts that need quoting."""

REST = ".+"
"""Any text."""

VERSION = "(/v[0-9.]+)?"
"""The optional API version before a path."""

SECTIONS = frozenset(
    (
        *(
            "AUTH",
            "BUILD",
            "COMMIT",
            "CONFIGS",
            "CONTAINERS",
            "DISTRIBUTION",
            "EVENTS",
            "EXEC",
            "GRPC",
            "IMAGES",
        ),
        *(
            "INFO",
            "NETWORKS",
            "NODES",
            "PING",
            "PLUGINS",
            "SECRETS",
            "SERVICES",
            "SESSION",
            "SWARM",
            "SYSTEM",
        ),
        *("TASKS", "VERSION", "VOLUMES"),
    )
)
"""The first parts of Docker's paths, by which the socket proxies name their switches and variables. PING is _ping."""

_BY_ROOT = {
    "images": IMAGE,
    "distribution": IMAGE,
    "plugins": IMAGE,
    "models": IMAGE,
    "networks": ANY,
    "exec": HEX,
}
_PLAIN = re.compile("[A-Za-z0-9_.:@~=,-]*")
_LONG_ID = re.compile("[a-f0-9]{12,}")
_CLEAN_VERSION = re.compile(r"/v[0-9.]+(?=/|$)")


class Part(Struct, frozen=True):
    """A part of a path: literal text, or the pattern of a name."""

    text: str
    name: bool = False

    @property
    def pattern(self) -> str:
        return self.text if self.name else self.text.replace(".", "[.]")


Parts = tuple[Part, ...]
"""The parts of a path between its slashes. The first is empty: a path begins with a slash."""


def pattern_of(parts: Parts) -> str:
    """Return the pattern of a path without version."""
    return "/".join(part.pattern for part in parts)


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern as Go does by default: ASCII classes, and no newline for a dot."""
    return re.compile(pattern, re.ASCII)


def decoded_path(call: Call) -> str:
    """Return the path of a call without base path, version and query, percent-decoded once."""
    return unquote(call.path)


def parts_of(call: Call) -> Parts:
    """Return the narrowest parts whose pattern matches the call."""
    path = decoded_path(call)
    return next(parts for parts in _candidates(call, path) if compiled(pattern_of(parts)).fullmatch(path))


def _candidates(call: Call, path: str) -> Iterator[Parts]:
    """Yield the parts of the operation's template, with wider and wider names; at last those of the path itself."""
    template = call.operation.path
    if call.known and "{anyroute}" not in template and not template.endswith("/{path}"):
        yield template_parts(template)
        yield template_parts(template, ANY)
        yield template_parts(template, REST)
    yield tuple(_literal(part) for part in path.split("/"))  # matches always


def template_parts(template: str, wide: str = "") -> Parts:
    """Return the parts of a template such as "/containers/{id}/json". Names have the pattern *wide* if it is given."""
    texts = template.split("/")
    pattern = wide or _BY_ROOT.get(texts[1], NAME)
    return tuple(Part(pattern, name=True) if text.startswith("{") else Part(text) for text in texts)


def _literal(text: str) -> Part:
    if _LONG_ID.fullmatch(text):
        return Part(HEX, name=True)
    return Part(text) if _PLAIN.fullmatch(text) else Part(ANY, name=True)


def sample_path(operation: Operation) -> str:
    """Return a path of the operation without version: each name is "ab12", which every class matches."""
    return re.sub(r"\{\w+\}", "ab12", operation.path)


class Request(Struct, frozen=True):
    """A request as a socket proxy sees it. All paths are percent-decoded once."""

    method: str
    full_path: str  # with version, without query
    path: str  # without version
    query: str = ""  # as sent, without the question mark
    body: Any = None  # the JSON of the body; None if it has none

    @classmethod
    def of_call(cls, call: Call, method: str, target: str, body: Any = None) -> "Request":
        """Return the request of a call. A base path, which a manager such as Portainer removes, is left out."""
        path, version = decoded_path(call), "" if call.version is None else f"/v{call.version}"
        return cls(method, version + path, path, target.partition("?")[2], body)

    @classmethod
    def of_operation(cls, operation: Operation) -> "Request":
        """Return a request of an operation, with sample names."""
        path = sample_path(operation)
        return cls(operation.method, f"/v1.44{path}", path)


def without_version(path: str) -> str:
    """Return a path without the API version before it."""
    found = _CLEAN_VERSION.match(path)
    return path[found.end() :] if found else path
