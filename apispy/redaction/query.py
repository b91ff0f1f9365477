"""Takes secrets out of the target of a request, and out of forms. What is no secret stays byte for byte."""

import json
import re
from typing import Any
from urllib.parse import quote, unquote_plus

from apispy.decoders.registry_auth import PLAIN_FIELDS
from apispy.redaction import categories, free_text, json_values
from apispy.redaction.name_patterns import strong
from apispy.redaction.prefilter import may_hold_secret
from apispy.redaction.tokens import SecretReplacer

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


def target(hider: SecretReplacer, text: str) -> str:
    """The target of a request line, still a valid one."""
    if hider.only_signs and innocent(text):
        return text
    path, mark, query = text.partition("?")
    shown = free_text.clean(hider, path, "request.target")
    if shown != path:
        shown = quote(shown, safe="/%:@!$&'()*+,;=~")
    return shown + mark + pairs(hider, query, "request.query")


def innocent(text: str) -> bool:
    """Whether nothing in a target can be a secret that apispy knows of by itself."""
    plain = unquote_plus(text).lower().encode("utf-8", "surrogatepass")
    return not may_hold_secret(plain) and not any(name in plain for name in TELLING)


def pairs(hider: SecretReplacer, query: str, place: str) -> str:
    """A query, or a form."""
    return "&".join(_pair(hider, one, place) for one in query.split("&"))


def _pair(hider: SecretReplacer, pair: str, place: str) -> str:
    name, equals, value = pair.partition("=")
    plain_name, plain = unquote_plus(name), unquote_plus(value)
    shown_name = free_text.clean(hider, plain_name, place)
    shown = parameter(hider, plain_name, plain, f"{place}:{shown_name}")
    if (shown_name, shown) == (plain_name, plain):
        return pair
    return quote(shown_name, safe="") + equals + quote(shown, safe="")


def parameter(hider: SecretReplacer, name: str, value: str, place: str) -> str:
    """The value of one parameter, percent-decoded."""
    name = name.lower()
    if name == "buildargs":
        return _build_arguments(hider, value, place)
    if name == "changes":
        return "\n".join(_instruction(hider, line, place) for line in value.split("\n"))
    if name == "setenv":  # Podman's
        return free_text.clean(hider, free_text.pair(hider, value, place), place)
    parts = _PARTS.findall(name) or [name]
    first, last = parts[0], parts[-1]
    if first in ACCOUNTS and last not in PLAIN_FIELDS:
        return hider.hide(value, place, categories.REGISTRY) if value not in NO_ACCOUNT else value
    if (last in SECRET_NAMES or strong(name)) and value.lower() not in FLAGS:
        return hider.hide(value, place, categories.PARAMETER)
    found = json_in(value)
    if found is not None:
        try:
            shown = json_values.clean(hider, found, place, last)
        except RecursionError:
            return hider.hide(value, place, categories.PARAMETER)
        return value if shown == found else _dumped(shown)
    return json_values.clean(hider, value, place, last)  # type: ignore[no-any-return]


def _instruction(hider: SecretReplacer, line: str, place: str) -> str:
    return free_text.clean(hider, free_text.build_step(hider, line, place), place)


def _build_arguments(hider: SecretReplacer, value: str, place: str) -> str:
    """A JSON object of values by name; null takes the daemon's own. What is none is hidden as a whole."""
    found = json_in(value)
    if not isinstance(found, dict):
        return hider.variable("", value, place, categories.BUILD)
    shown = {
        name: free_text.clean(hider, hider.variable(name, one, f"{place}.{name}", categories.BUILD), place)
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
