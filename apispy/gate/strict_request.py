"""What a request must not have if rules decide about it: what a daemon may read otherwise than apispy.

Holes of other proxies, from their own reports: names of JSON fields in another case or twice, paths with dots, double
slashes or escapes, parameters in a form, in a multipart body or twice, bodies that are compressed, too large or not
there, upgrades to HTTP/2. Docker's clients send none of this.
"""

import json
import re
from typing import Any

from apispy.engine import Call
from apispy.model import Headers, Request

_TARGET = re.compile(r"/[!$&'()*+,./0-9:;=@A-Z_a-z~%|{}\"<>^`-]*(?:\?.*)?", re.DOTALL)
_PRINTABLE = re.compile(r"[!-~]+")
_ESCAPE = re.compile(r"%(..)?")
_NEEDLESS = re.compile(r"[A-Za-z0-9_.~/%\\-]|[^ -~]")
"""Decoded characters that no client escapes in a path, or that mean something else to a router."""

REPEATABLE = frozenset(("names", "t", "changes", "platform", "extrahosts", "securityopt"))
"""Parameters that clients give more than once."""

IN_JSON = ("cachefrom", "outputs")
"""Parameters of a build that are JSON, in which rules look."""

UPGRADED = frozenset(("ContainerAttach", "ContainerAttachWebsocket", "ExecStart", "Session", "Grpc"))
"""Operations that clients upgrade."""

FORMS = ("application/x-www-form-urlencoded", "multipart/")


class Doubt(Exception):
    """A request that a daemon may read otherwise. The text says what is wrong with it."""


def check_head(request: Request, call: Call) -> None:
    """Raise Doubt for a request line or headers that can be read in two ways."""
    _check_target(request.target)
    _check_parameters(request.target, call)
    _check_headers(request.headers, call, announces_body=request.announces_body)


def check_tunnel(request: Request) -> None:
    """Raise Doubt for a request that does not open a tunnel as Docker's clients do, at whose end HTTP/2 begins.

    A daemon reads a body that is left as the beginning of what is in the tunnel.
    """
    upgrades = [value for name, value in request.headers if name.lower() == b"upgrade"]
    if upgrades != [b"h2c"]:
        raise Doubt(
            "it does not ask for an upgrade to h2c, so that apispy cannot check the calls in its tunnel"
        )
    if request.announces_body or "expect" in request.headers:
        raise Doubt("it has a body, with which its tunnel would begin unchecked")


def json_body(data: bytes) -> Any:
    """Return the only JSON value in *data*, whose objects have no name twice. Raises Doubt.

    Names are compared regardless of case, as Go's encoding/json does. Of names that differ only in that, Go takes the
    last value.
    """
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise Doubt("its body is not UTF-8") from None
    except ValueError:
        raise Doubt("its body is not JSON") from None
    except RecursionError:
        raise Doubt("its body is nested too deeply") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = {name.casefold() for name, _ in pairs}
    if len(names) < len(pairs):
        raise Doubt("its body has a field twice, perhaps in another case")
    return dict(pairs)


def _refuse_constant(name: str) -> None:
    raise Doubt(f"its body has {name}, which is not JSON")


def _check_target(target: str) -> None:
    if not _PRINTABLE.fullmatch(target) or not _TARGET.fullmatch(target):
        raise Doubt("its path is not one that Docker's clients send")
    path = target.partition("?")[0]
    if any(part in ("", ".", "..") for part in path.split("/")[1:]):
        raise Doubt("its path has dots or double slashes")
    for escape in _ESCAPE.finditer(path):
        if not escape[1] or not re.fullmatch("[0-9A-Fa-f]{2}", escape[1]):
            raise Doubt("its path has an escape that is not one")
        if _NEEDLESS.match(chr(int(escape[1], 16))):
            raise Doubt(f"its path has the escape {escape[0]}")


def _check_parameters(target: str, call: Call) -> None:
    query = target.partition("?")[2]
    if ";" in query or "#" in target:
        raise Doubt("its query has a semicolon or a number sign")
    names = [name for name, _ in call.query if name not in REPEATABLE]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Doubt(
            f"it has the parameter {twice} twice" if twice.isprintable() else "it has a parameter twice"
        )

    for name in IN_JSON if call.operation.id == "ImageBuild" else ():
        if text := call.value(name):
            try:
                json_body(text.encode("utf-8", "surrogateescape"))
            except Doubt:
                raise Doubt(f"its parameter {name} is not JSON, or has a field twice") from None


def _check_headers(headers: Headers, call: Call, *, announces_body: bool) -> None:
    if "upgrade" in headers and call.operation.id not in UPGRADED:
        raise Doubt("it asks for an upgrade, which this operation does not have")
    if not announces_body:
        return
    encoding = headers.text("content-encoding").strip().lower()
    if encoding not in ("", "identity"):
        raise Doubt("its body is compressed")
    declared = headers.text("content-type").strip().lower()
    if declared.startswith(FORMS):
        raise Doubt(
            "its body is declared as a form, in which a daemon looks for parameters (with curl, add -H "
            "'Content-Type: application/json')"
        )
