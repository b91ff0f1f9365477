"""Which operation a request line means.

Follows the daemon's router (gorilla/mux) where that matters to a reader: the version is optional, escapes are
decoded before matching, most names may hold slashes, and HEAD means GET nowhere. It is more lenient in two things,
so that a slip still shows which operation was meant: the router redirects double slashes and refuses most trailing
ones, here both are overlooked; and it routes some operations in some versions only, here any version finds all of
them (``Operation.exists_in`` tells).
"""

import re
from collections import defaultdict
from dataclasses import replace
from urllib.parse import parse_qsl, unquote

from apispy.engine.operation import Call, Operation, Parameters
from apispy.engine.operations import OPERATIONS, UNKNOWN
from apispy.engine.tables.podman import LIBPOD

PLAIN_NAMES = frozenset(("configs", "nodes", "secrets", "services", "tasks", "checkpoints", "pprof"))
"""A name right after one of these ends at a slash; after any other (images, ...) the router takes any text."""

_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?]*")  # the beginning of an absolute-form target
_VERSION = re.compile(r"/+v([0-9.]+)(?=/|$)")
_SLASHES = re.compile(r"//+")
_NAME = re.compile(r"(\w*)/\{(\w+)\}")

_Pattern = tuple[re.Pattern[str], Operation]


def lookup(method: str, target: str) -> Call:
    """The call that a request line makes, of operation ``UNKNOWN`` if it is none. Takes any text, never raises.

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
    """The same call with the parameters of its *body*, an ``application/x-www-form-urlencoded`` form, as ``form``.

    The daemon reads such a form in every POST and PUT, and in no other (Go's net/http, Request.ParseForm). Takes any
    bytes.
    """
    if call.operation.method not in ("POST", "PUT"):
        return call
    return replace(call, form=_parameters(body.decode("utf-8", "replace")))


def _parameters(query: str) -> Parameters:
    return tuple(parse_qsl(query, keep_blank_values=True)) if query else ()


def _find(method: str, path: str) -> tuple[Operation, dict[str, str]]:
    """The operation, and the names in its path."""
    if "%" in path:
        path = unquote(path)
    if "//" in path:
        path = _SLASHES.sub("/", path)
    stripped = path.rstrip("/") or "/"
    if operation := _FIXED.get((method, stripped)):
        return operation, {}
    root = stripped.split("/", 2)[1] if stripped.startswith("/") else ""
    for pattern, operation in _NAMED.get((method, root), _NAMED.get((method, ""), [])):
        if found := pattern.fullmatch(stripped):
            return operation, found.groupdict()
    return (LIBPOD, {"path": stripped[len("/libpod/") :]}) if root == "libpod" else (UNKNOWN, {})


def _compile(path: str) -> re.Pattern[str]:
    """The expression for a template: "/images/{name}/json" becomes "/images/(?P<name>.+)/json"."""

    def name(found: re.Match[str]) -> str:
        text = "[^/]+" if found[1] in PLAIN_NAMES else ".+" if found[1] else ".*"  # OPTIONS / is a route
        return f"{found[1]}/(?P<{found[2]}>{text})"

    return re.compile(_NAME.sub(name, path), re.DOTALL)


def _index(operations: list[Operation]) -> dict[tuple[str, str], list[_Pattern]]:
    """Patterns by method and first part of the path ("" if that is a name), those with most fixed text first."""
    index: dict[tuple[str, str], list[_Pattern]] = defaultdict(list)
    for operation in sorted(operations, key=lambda row: len(_NAME.sub("", row.path)), reverse=True):
        first = operation.path.split("/")[1]
        root = "" if first.startswith("{") else first
        index[operation.method, root].append((_compile(operation.path), operation))
    return dict(index)


_FIXED = {(row.method, row.path): row for row in OPERATIONS if "{" not in row.path}
_NAMED = _index([row for row in OPERATIONS if "{" in row.path])
