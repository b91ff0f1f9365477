"""Finds the operation of a request line.

Follows the daemon's router (gorilla/mux) where it matters to a reader: the version is optional, escapes are decoded
before matching, most names may hold slashes, and HEAD is never treated as GET. It is more lenient in two respects, so
that a mistake still shows the intended operation: it ignores double and trailing slashes, which the router redirects or
mostly refuses; and it finds every operation in every version (see ``Operation.exists_in``).
"""

import re
from collections import defaultdict
from dataclasses import replace
from functools import cache
from urllib.parse import parse_qsl, unquote

from apispy.engine.operation import Call, Operation, Parameters
from apispy.engine.operations import OPERATIONS, UNKNOWN
from apispy.engine.tables.podman import LIBPOD

PLAIN_NAMES = frozenset(("configs", "nodes", "secrets", "services", "tasks", "checkpoints", "pprof"))
"""Path parts whose following name ends at a slash. After any other part (images, ...) the router accepts any text."""

_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?]*")  # the beginning of an absolute-form target
_VERSION = re.compile(r"/+v([0-9.]+)(?=/|$)")
_SLASHES = re.compile(r"//+")
_NAME = re.compile(r"(\w*)/\{(\w+)\}")


def lookup(method: str, target: str) -> Call:
    """Find the call of a request line, with the operation ``UNKNOWN`` if none matches. Accepts any text, never raises.

    *target* is as on the wire: "/v1.41/containers/json?all=1", or absolute "http://docker/v1.41/info".
    """
    if not target.startswith("/") and (origin := _ORIGIN.match(target)):
        target = target[origin.end() :]
    path, _, query = target.partition("?")
    version = _VERSION.match(path)
    if version:
        path = path[version.end() :]
    path = path or "/"
    operation, arguments = _find(method, path)
    return Call(operation, path, version and version[1], arguments, _parameters(query))


def with_form(call: Call, body: bytes) -> Call:
    """Add the parameters of *body*, an ``application/x-www-form-urlencoded`` form, to the call as ``form``.

    The daemon reads forms in POST and PUT requests only (Go's net/http, Request.ParseForm). Accepts any bytes.
    """
    if call.operation.method not in ("POST", "PUT"):
        return call
    return replace(call, form=_parameters(body.decode("utf-8", "replace")))


def _parameters(query: str) -> Parameters:
    return tuple(parse_qsl(query, keep_blank_values=True)) if query else ()


def _find(method: str, path: str) -> tuple[Operation, dict[str, str]]:
    """The operation and its path arguments."""
    if "%" in path:
        path = unquote(path)
    if "//" in path:
        path = _SLASHES.sub("/", path)
    stripped = path.rstrip("/") or "/"
    if operation := _FIXED.get((method, stripped)):
        return operation, {}
    root = stripped.split("/", 2)[1] if stripped.startswith("/") else ""
    for operation in _NAMED.get((method, root), _NAMED.get((method, ""), [])):
        if found := _pattern(operation.path).fullmatch(stripped):
            return operation, found.groupdict()
    return (LIBPOD, {"path": stripped[len("/libpod/") :]}) if root == "libpod" else (UNKNOWN, {})


@cache  # compiled on first use: all of them take as long as the start of Python
def _pattern(path: str) -> re.Pattern[str]:
    """The pattern of a template: "/images/{name}/json" becomes "/images/(?P<name>.+)/json"."""

    def name(found: re.Match[str]) -> str:
        text = "[^/]+" if found[1] in PLAIN_NAMES else ".+" if found[1] else ".*"  # OPTIONS / is a route
        return f"{found[1]}/(?P<{found[2]}>{text})"

    return re.compile(_NAME.sub(name, path), re.DOTALL)


def _index(operations: list[Operation]) -> dict[tuple[str, str], list[Operation]]:
    """Operations by method and first path part ("" if that is a name), those with the most fixed text first."""
    index: dict[tuple[str, str], list[Operation]] = defaultdict(list)
    for operation in sorted(operations, key=lambda row: len(_NAME.sub("", row.path)), reverse=True):
        first = operation.path.split("/")[1]
        root = "" if first.startswith("{") else first
        index[operation.method, root].append(operation)
    return dict(index)


_FIXED = {(row.method, row.path): row for row in OPERATIONS if "{" not in row.path}
_NAMED = _index([row for row in OPERATIONS if "{" in row.path])
