"""Takes secrets out of the target of a request, and out of forms. What is no secret stays byte for byte."""

import json
import re
from typing import Any
from urllib.parse import quote, unquote_plus

from apispy.decoders.registry_auth import PLAIN
from apispy.steps import kinds, texts, values
from apispy.steps.hider import Hider
from apispy.steps.secret_names import strong
from apispy.steps.suspicion import suspect

SECRET_NAMES = frozenset(("credentials", "auth", "pass", "pwd"))
"""Parameters, in lower case, that are secret altogether, beside those with a name that says so."""

ACCOUNTS = frozenset(("authconfig", "registryauth", "x-registry-auth", "x-registry-config", "authconfigs"))
"""Parameters in which old clients send registry credentials: JSON, base64 of it, or parts: ``NAME[part]``."""

_PARTS = re.compile(r"[^\[\].]+")

TELLING = tuple(name.encode() for name in (*SECRET_NAMES, "buildargs", "changes", "env", "=|"))
"""Names of which one is in every query that has secrets, unless its text is suspect."""

NO_ACCOUNT = ("", "{}", "null", "e30=", "e30", "bnVsbA==")
"""What clients send who have no credentials: nothing, an empty object or null, as JSON or in base64."""

FLAGS = ("", "0", "1", "true", "false")
"""What ``rotateWorkerToken`` and the like have: no secret."""


def target(hider: Hider, text: str) -> str:
    """The target of a request line, still a valid one."""
    if hider.only_signs and innocent(text):
        return text
    path, mark, query = text.partition("?")
    shown = texts.clean(hider, path, "request.target")
    if shown != path:
        shown = quote(shown, safe="/%:@!$&'()*+,;=~")
    return shown + mark + pairs(hider, query, "request.query")


def innocent(text: str) -> bool:
    """Whether nothing in a target can be a secret that apispy knows of by itself."""
    plain = unquote_plus(text).lower().encode("utf-8", "surrogatepass")
    return not suspect(plain) and not any(name in plain for name in TELLING)


def pairs(hider: Hider, query: str, place: str) -> str:
    """A query, or a form."""
    return "&".join(_pair(hider, one, place) for one in query.split("&"))


def _pair(hider: Hider, pair: str, place: str) -> str:
    name, equals, value = pair.partition("=")
    plain_name, plain = unquote_plus(name), unquote_plus(value)
    shown_name = texts.clean(hider, plain_name, place)
    shown = parameter(hider, plain_name, plain, f"{place}:{shown_name}")
    if (shown_name, shown) == (plain_name, plain):
        return pair
    return quote(shown_name, safe="") + equals + quote(shown, safe="")


def parameter(hider: Hider, name: str, value: str, place: str) -> str:
    """The value of one parameter, percent-decoded."""
    name = name.lower()
    if name == "buildargs":
        return _build_arguments(hider, value, place)
    if name == "changes":
        return "\n".join(_instruction(hider, line, place) for line in value.split("\n"))
    if name == "setenv":  # Podman's
        return texts.clean(hider, texts.pair(hider, value, place), place)
    parts = _PARTS.findall(name) or [name]
    first, last = parts[0], parts[-1]
    if first in ACCOUNTS and last not in PLAIN:
        return hider.hide(value, place, kinds.REGISTRY) if value not in NO_ACCOUNT else value
    if (last in SECRET_NAMES or strong(name)) and value.lower() not in FLAGS:
        return hider.hide(value, place, kinds.PARAMETER)
    found = json_in(value)
    if found is not None:
        try:
            shown = values.clean(hider, found, place, last)
        except RecursionError:
            return hider.hide(value, place, kinds.PARAMETER)
        return value if shown == found else _dumped(shown)
    return values.clean(hider, value, place, last)  # type: ignore[no-any-return]


def _instruction(hider: Hider, line: str, place: str) -> str:
    return texts.clean(hider, texts.build_step(hider, line, place), place)


def _build_arguments(hider: Hider, value: str, place: str) -> str:
    """A JSON object of values by name; null takes the daemon's own. What is none is hidden as a whole."""
    found = json_in(value)
    if not isinstance(found, dict):
        return hider.variable("", value, place, kinds.BUILD)
    shown = {
        name: texts.clean(hider, hider.variable(name, one, f"{place}.{name}", kinds.BUILD), place)
        if isinstance(one, str)
        else one
        for name, one in found.items()
    }
    return value if shown == found else _dumped(shown)


def json_in(value: str) -> Any:
    """The JSON object or list that *value* is, None if it is none."""
    if value[:1] not in ("{", "["):
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _dumped(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
