"""Finds the operation of a request line.

Follows the daemon's router (gorilla/mux) where it matters to a reader: the version is optional, escapes are decoded
before matching, most names may hold slashes, and HEAD is never treated as GET. It is more lenient in three respects, so
that a mistake still shows the intended operation: it ignores double and trailing slashes, which the router redirects or
mostly refuses; it finds every operation in every version (see ``Operation.exists_in``); and it finds operations under a
base path, where a proxy or a manager such as Portainer serves the API.
"""

import re
from collections import defaultdict
from functools import cache, lru_cache
from itertools import islice
from urllib.parse import parse_qsl, unquote

from apispy import lazy
from apispy.engine.operation import Call, Operation, Parameters
from apispy.engine.operations import CALLABLE, OPERATIONS, UNKNOWN
from apispy.engine.tables.desktop import DESKTOP, MODEL_RUNNER
from apispy.engine.tables.grpc_methods import GRPC_CALL
from apispy.engine.tables.podman import LIBPOD
from apispy.structs import replace

PLAIN_NAMES = frozenset(("configs", "nodes", "secrets", "services", "tasks", "checkpoints", "pprof"))
"""Path parts whose following name ends at a slash. After any other part (images, ...) the router accepts any text."""

DAEMON_PATHS = frozenset(("docker",))
"""Last parts of base paths under which only the Docker API is: "/docker", Portainer's "/api/endpoints/2/docker"."""

MAX_BASE_PARTS = 8
"""Parts of a base path that are searched. Portainer's has four."""

FORM, JSON, TAR = "application/x-www-form-urlencoded", "application/json", "application/x-tar"
"""Media types of request bodies."""

JSON_IS_OPTIONAL = frozenset(("ContainerStart", "ImagePush"))
"""Operations that take a JSON body, and work without one."""

READS_ANY_TYPE = frozenset(("ImageBuild", "SystemAuth"))
"""Operations whose body the daemon reads whatever its declared type is, even as a form."""

# A form begins neither with JSON nor with markup, and has no control characters, which every archive has.
_FORM = lazy.pattern(rb"(?!\s*[\[{\"<])[^\x00-\x08\x0e-\x1f\x7f]*\Z")
FOREIGN_ROOTS = {"libpod": LIBPOD, "exp": DESKTOP, "engines": MODEL_RUNNER}
"""By first path part: the operation of all calls of another API that have no operation of their own."""

MAX_CACHED, MAX_CACHED_LENGTH = 1024, 512
"""The size of the cache of calls, and the characters of the longest request line in it: a client may send 1 MB."""

_ORIGIN = lazy.pattern(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?]*")  # the beginning of an absolute-form target
_VERSION = lazy.pattern(r"/+v([0-9.]+)(?=/|$)")
_RUNNER = lazy.pattern(r"\A/exp/v[\w.]+(?=/(?:engines|models)(?:/|$))|(?<=\A/engines)/(?!v1/)[^/]+(?=/v1/)")
_MISSPELT_VERSION = lazy.pattern(r"V?[0-9]+\.[0-9]+")
_GRPC = lazy.pattern(r"/(?P<service>(?:\w+\.)+[A-Z]\w*)/(?P<method>[A-Z]\w*)")
_SLASHES = lazy.pattern(r"//+")
_PART = lazy.pattern(r"/+[^/]+")
_NAME = lazy.pattern(r"(\w*)/\{(\w+)\}")


def lookup(method: str, target: str) -> Call:
    """Find the call of a request line, with the operation ``UNKNOWN`` if none matches. Accepts any text, never raises.

    *target* is as on the wire: "/v1.41/containers/json?all=1", or absolute "http://docker/v1.41/info".
    """
    if len(method) + len(target) > MAX_CACHED_LENGTH:
        return _look_up(method, target)
    found = _look_up_cached(method, target)
    return replace(found, arguments=dict(found.arguments)) if found.arguments else found


def _look_up(method: str, target: str) -> Call:
    if not target.startswith("/") and (origin := _ORIGIN.match(target)):
        target = target[origin.end() :]
    path, _, query = target.partition("?")
    version = _VERSION.match(path)
    if version:
        path = path[version.end() :]
    path = path or "/"
    operation, arguments = _find(method, path)
    if operation is UNKNOWN and version is None and (based := _under_base(method, path, query)):
        return based
    return Call(operation, path, version and version[1], arguments, _parameters(query))


_look_up_cached = lru_cache(MAX_CACHED)(_look_up)


def _under_base(method: str, path: str, query: str) -> Call | None:
    """Find the call under a base path; None if there is none.

    Other programs have a ``/version`` or an ``/auth`` of their own under some path. So a sign of the Docker API is
    required: the base path ends as in DAEMON_PATHS, or a version, ``_ping`` or a path of several parts follows it.
    """
    starts = [found.start() for found in islice(_PART.finditer(path), MAX_BASE_PARTS + 1)]
    first = path[1 : starts[1]] if len(starts) > 1 else ""
    if not first or first in _ROOTS or _MISSPELT_VERSION.fullmatch(first):
        return None  # a mistake in a path of the API itself: /containers/web/info, /V1.41/info
    for start in starts[1:]:
        base, rest = path[:start], path[start:]
        version = _VERSION.match(rest)
        rest = (rest[version.end() :] or "/") if version else rest
        is_sure = (
            version or base.rpartition("/")[2] in DAEMON_PATHS or rest == "/_ping" or "/" in rest.strip("/")
        )
        operation, arguments = _find(method, rest) if is_sure else (UNKNOWN, {})
        if operation is not UNKNOWN:
            return Call(operation, rest, version and version[1], arguments, _parameters(query), base=base)
    return None


def with_form(call: Call, body: bytes) -> Call:
    """Add the parameters of *body*, declared as ``application/x-www-form-urlencoded``, to the call as ``form``.

    The call stays as it is if its operation takes no form, or if *body* does not look like one: ``curl -d`` declares
    every body as a form. Accepts any bytes.
    """
    form = form_parameters(body) if takes_form(call.operation) else ()
    return replace(call, form=form) if form else call


def form_parameters(body: bytes) -> Parameters:
    """The parameters in *body*; () if it does not look like a form."""
    return _parameters(body.decode("utf-8", "replace")) if _FORM.match(body) else ()


def takes_form(operation: Operation) -> bool:
    """Whether the daemon takes parameters of an operation from a form in the body.

    It reads forms in POST and PUT requests only (Go's net/http, Request.ParseForm), and refuses a form where it needs
    JSON. Tried on dockerd 20.10.24 and 28.5.2.
    """
    needs_json = operation.request == "json" and operation.id not in JSON_IS_OPTIONAL
    return operation.method in ("POST", "PUT") and not needs_json and operation.id not in READS_ANY_TYPE


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
    if root in ("exp", "engines") and (shorter := _RUNNER.sub("", stripped)) != stripped:
        return _find(method, shorter)
    if method == "POST" and (found := _GRPC.fullmatch(stripped)):
        return GRPC_CALL, found.groupdict()
    if foreign := FOREIGN_ROOTS.get(root):
        return foreign, {"path": stripped[len(root) + 2 :]}
    return UNKNOWN, {}


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


_FIXED = {(row.method, row.path): row for row in CALLABLE if "{" not in row.path}
_NAMED = _index([row for row in OPERATIONS if "{" in row.path])
_ROOTS = frozenset(row.path.split("/")[1] for row in OPERATIONS)
