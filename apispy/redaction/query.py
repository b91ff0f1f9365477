"""Removes secrets from request targets and forms. Everything else stays byte for byte."""

import json
import re
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

from apispy.decoders.registry_auth import PLAIN_FIELDS
from apispy.model import is_redacted
from apispy.redaction import categories, free_text, json_values
from apispy.redaction.known_secrets import KnownSecrets
from apispy.redaction.name_patterns import strong
from apispy.redaction.prefilter import may_hold_secret
from apispy.redaction.tokens import SecretReplacer

SECRET_NAMES = frozenset(("credentials", "auth", "pass", "pwd"))
"""Parameters, in lower case, whose whole value is secret, in addition to names that ``name_patterns`` finds."""

ACCOUNTS = frozenset(("authconfig", "registryauth", "x-registry-auth", "x-registry-config", "authconfigs"))
"""Parameters in which old clients send registry credentials: as JSON, in base64, or in parts (``NAME[part]``)."""

_PARTS = re.compile(r"[^\[\].]+")

SECRET_PARAMETER_HINTS = tuple(name.encode() for name in (*SECRET_NAMES, "buildargs", "changes", "env", "=|"))
"""One of these is in every query that holds secrets, unless the prefilter suspects its text."""

NO_ACCOUNT = ("", "{}", "null", "e30=", "e30", "bnVsbA==")
"""Values of clients without credentials: nothing, an empty object or null, as JSON or in base64."""

BOOLEAN_VALUES = ("", "0", "1", "true", "false")
"""Values of booleans such as ``rotateWorkerToken``, which are not secret."""


def target(replacer: SecretReplacer, text: str) -> str:
    """Redact the target of a request line. The result is a valid target."""
    if replacer.prefilter_suffices and is_plain(replacer.known_secrets, text):
        return text
    path, mark, query = text.partition("?")
    shown = _path(replacer, path, "request.target")
    return shown + mark + pairs(replacer, query, "request.query")


def _path(replacer: SecretReplacer, path: str, place: str) -> str:
    """Redact a path as it is, and the segments that are percent-encoded, decoded."""
    shown = free_text.clean(replacer, path, place)
    if shown != path:
        shown = quote(shown, safe="/%:@!$&'()*+,;=~")
    return "/".join([_segment(replacer, part, place) for part in shown.split("/")]) if "%" in path else shown


def _segment(replacer: SecretReplacer, text: str, place: str) -> str:
    plain = unquote(text)
    shown = plain if is_redacted(plain) else free_text.clean(replacer, plain, place)
    return text if shown == plain else quote(shown, safe=":@!$&'()*+,;=~")


MAX_CACHED, MAX_CACHED_LENGTH = 1024, 512
"""The size of the cache of targets without secrets, and the length of the longest target in it."""


def has_no_secret(text: str) -> bool:
    """Whether a target cannot hold a secret, user rules aside."""
    return _has_none_cached(text) if len(text) <= MAX_CACHED_LENGTH else _has_none(text)


def _has_none(text: str) -> bool:
    plain = unquote_plus(text).lower().encode("utf-8", "surrogatepass")
    return not may_hold_secret(plain) and not any(name in plain for name in SECRET_PARAMETER_HINTS)


_has_none_cached = lru_cache(MAX_CACHED)(_has_none)


def is_plain(known_secrets: KnownSecrets, text: str) -> bool:
    """Whether a target certainly has nothing to hide, user rules aside."""
    return has_no_secret(text) and not _repeats(known_secrets, text)


def _repeats(known_secrets: KnownSecrets, text: str) -> bool:
    """Whether a known secret is in a target."""
    return bool(known_secrets) and any(
        known_secrets.found_in(one.encode("utf-8", "surrogatepass")) for one in (text, unquote_plus(text))
    )


def pairs(replacer: SecretReplacer, query: str, place: str) -> str:
    """Redact a query or a form."""
    return "&".join(_pair(replacer, one, place) for one in query.split("&"))


def _pair(replacer: SecretReplacer, pair: str, place: str) -> str:
    name, equals, value = pair.partition("=")
    plain_name, plain = unquote_plus(name), unquote_plus(value)
    shown_name = free_text.clean(replacer, plain_name, place)
    shown = parameter(replacer, plain_name, plain, f"{place}:{shown_name}")
    if (shown_name, shown) == (plain_name, plain):
        return pair
    return quote(shown_name, safe="") + equals + quote(shown, safe="")


def parameter(replacer: SecretReplacer, name: str, value: str, place: str) -> str:
    """Redact the percent-decoded value of one parameter."""
    name = name.lower()
    if name == "buildargs":
        return _build_arguments(replacer, value, place)
    if name == "changes":
        return "\n".join(json_values.instruction(replacer, line, place) for line in value.split("\n"))
    if name == "setenv":  # Podman's
        return free_text.clean(replacer, free_text.pair(replacer, value, place), place)
    parts = _PARTS.findall(name) or [name]
    first, last = parts[0], parts[-1]
    if first in ACCOUNTS and last not in PLAIN_FIELDS:
        return replacer.hide(value, place, categories.REGISTRY) if value not in NO_ACCOUNT else value
    if (last in SECRET_NAMES or strong(name)) and value.lower() not in BOOLEAN_VALUES:
        return replacer.hide(value, place, categories.PARAMETER)
    found = json_in(value)
    if found is not None:
        try:
            shown = json_values.clean(replacer, found, place, last)
        except RecursionError:
            return replacer.hide(value, place, categories.PARAMETER)
        return value if shown == found else _dumped(shown)
    return json_values.clean(replacer, value, place, last)  # type: ignore[no-any-return]


def _build_arguments(replacer: SecretReplacer, value: str, place: str) -> str:
    """Redact a JSON object of build arguments. A null stays; a value that is not an object is hidden as a whole."""
    found = json_in(value)
    if not isinstance(found, dict):
        return replacer.variable("", value, place, categories.BUILD)
    shown = {
        name: free_text.clean(
            replacer, replacer.variable(name, one, f"{place}.{name}", categories.BUILD), place
        )
        if isinstance(one, str)
        else one
        for name, one in found.items()
    }
    return value if shown == found else _dumped(shown)


def json_in(value: str) -> Any:
    """Parse *value* as a JSON object or list; None if it is not one."""
    if value[:1] not in ("{", "["):
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _dumped(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
