"""Removes secrets from request targets and forms. Everything else stays byte for byte."""

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

from apispy.decoders.registry_auth import PLAIN_FIELDS
from apispy.model import is_redacted
from apispy.redaction import categories, command_lines, free_text, json_values
from apispy.redaction.known_secrets import KnownSecrets
from apispy.redaction.name_patterns import strong
from apispy.redaction.prefilter import may_hold_secret
from apispy.redaction.tokens import PREFIX, SecretReplacer

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


MAX_ENCODINGS = 5
"""Times that a text may be percent-encoded. What is still encoded after that is hidden as a whole."""

_OF_PATH, _OF_SEGMENT = "/%:@!$&'()*+,;=~", ":@!$&'()*+,;=~"
"""What is not quoted in a path in which something was hidden, and in what was decoded of it."""

_QUERY = re.compile(r"[?#]")
_SEPARATOR = re.compile(r"[?#&;]")
_IMAGE = re.compile(r"(?:(?<=/)|\A)([a-z0-9]+(?:[._-]+[a-z0-9]+)*:\w[\w.-]{0,127})(?=/|\Z)", re.ASCII)
"""A segment that is an image's name with a tag, such as ``deploy-token:latest``: no secret follows the colon."""


def target(replacer: SecretReplacer, text: str) -> str:
    """Redact the target of a request line, in any of its forms. The result is a valid target."""
    if replacer.prefilter_suffices and is_plain(replacer.known_secrets, text):
        return text
    if _is_authority(text):
        text = free_text.hide_user(replacer, text, "request.target")
    return address(replacer, text, "request.target", "request.query")


def _is_authority(text: str) -> bool:
    """Whether a target has no path before its host, as that of CONNECT."""
    return not text.startswith("/") and "://" not in text


def address(replacer: SecretReplacer, text: str, place: str, query_place: str) -> str:
    """Redact a URL, or a path with its query and fragment. The result is valid where *text* is."""
    begin = _QUERY.search(text)
    if begin and "://" in text[: begin.start()]:  # a password before its host may have a ? or #
        text = free_text.hide_users(replacer, text, place, before=begin.start())
        begin = _QUERY.search(text)
    if begin is None:
        return _path(replacer, text, place)
    path = _path(replacer, text[: begin.start()], place)
    return path + begin[0] + pairs(replacer, text[begin.end() :], query_place)


def _path(replacer: SecretReplacer, path: str, place: str) -> str:
    """Redact a path as it is, and what is percent-encoded in it: in its segments, and across them."""
    shown = _plain_path(replacer, path, place)
    if shown != path or PREFIX in path:
        shown = quote(shown, safe=_OF_PATH)
    if "%" not in shown:
        return shown
    shown = "/".join([_decoded(replacer, part, place, _OF_SEGMENT) for part in shown.split("/")])
    return _decoded(replacer, shown, place, f"/{_OF_SEGMENT}")


def _decoded(replacer: SecretReplacer, text: str, place: str, safe: str) -> str:
    """Redact text in a path that may be percent-encoded."""
    shown = _at_each_level(replacer, text, place, lambda plain: _plain_path(replacer, plain, place))
    return text if shown is None else quote(shown, safe=safe)


def _plain_path(replacer: SecretReplacer, text: str, place: str) -> str:
    if is_redacted(text):
        return text
    parts = _IMAGE.split(free_text.clean(replacer, text, place))
    return "".join(
        part if number % 2 else command_lines.text(replacer, part, place) for number, part in enumerate(parts)
    )


def _at_each_level(
    replacer: SecretReplacer, text: str, place: str, change: Callable[[str], str]
) -> str | None:
    """Apply *change* to *text*, and to what it is when it is percent-decoded, as often as it can be.

    Returns the last text that was changed, or None if none was.
    """
    found = None
    plain = text
    for _ in range(MAX_ENCODINGS):
        shown = change(plain)
        if shown != plain:
            found = shown
        plain = unquote(shown)
        if plain == shown:
            return found
    return replacer.hide(text, place, categories.PARAMETER)


def decodings(text: str, decode: Callable[[str], str] = unquote) -> list[str]:
    """*text*, and what it is when it is percent-decoded once, twice and so on; at most ``MAX_ENCODINGS`` + 1."""
    found = [text]
    while len(found) <= MAX_ENCODINGS and (plain := decode(found[-1])) != found[-1]:
        found.append(plain)
    return found


MAX_CACHED, MAX_CACHED_LENGTH = 1024, 512
"""The size of the cache of targets without secrets, and the length of the longest target in it."""


def has_no_secret(text: str) -> bool:
    """Whether a target or a form cannot hold a secret, user rules aside."""
    return _has_none_cached(text) if len(text) <= MAX_CACHED_LENGTH else _has_none(text)


def _has_none(text: str) -> bool:
    if "@" in text and _is_authority(text):
        return False
    plain = decodings(text, unquote_plus)
    return len(plain) <= MAX_ENCODINGS and all(map(_has_none_decoded, plain))


def _has_none_decoded(text: str) -> bool:
    data = text.lower().encode("utf-8", "surrogatepass")
    return not may_hold_secret(data) and not any(name in data for name in SECRET_PARAMETER_HINTS)


_has_none_cached = lru_cache(MAX_CACHED)(_has_none)


def is_plain(known_secrets: KnownSecrets, text: str) -> bool:
    """Whether a target certainly has nothing to hide, user rules aside."""
    return has_no_secret(text) and not _repeats(known_secrets, text)


def _repeats(known_secrets: KnownSecrets, text: str) -> bool:
    """Whether a known secret is in a target."""
    return bool(known_secrets) and any(
        known_secrets.found_in(one.encode("utf-8", "surrogatepass"))
        for one in {*decodings(text), *decodings(text, unquote_plus)}
    )


def pairs(replacer: SecretReplacer, query: str, place: str) -> str:
    """Redact a query, a fragment or a form."""
    return "&".join(_pair(replacer, one, place) for one in query.split("&"))


def _pair(replacer: SecretReplacer, pair: str, place: str) -> str:
    coded_name, equals, coded_value = pair.partition("=")
    name, value = unquote_plus(coded_name), unquote_plus(coded_value)
    shown_name = _at_each_level(
        replacer,
        name,
        place,
        lambda plain: _named_inside(replacer, json_values.plain_text(replacer, plain, place), place),
    )
    plain_name = _SEPARATOR.split(decodings(name)[-1])[-1]
    place = f"{place}:{name if shown_name is None else shown_name}"
    shown = _at_each_level(
        replacer, value, place, lambda plain: parameter(replacer, plain_name, plain, place)
    )
    if shown_name is None and shown is None:
        return pair
    return (
        quote(name if shown_name is None else shown_name, safe="")
        + equals
        + quote(value if shown is None else shown, safe="")
    )


def parameter(replacer: SecretReplacer, name: str, value: str, place: str) -> str:
    """Redact the percent-decoded value of one parameter."""
    name = name.lower()
    if name == "buildargs":
        return _build_arguments(replacer, value, place)
    if name == "changes":
        return "\n".join(json_values.instruction(replacer, line, place) for line in value.split("\n"))
    if name == "setenv":  # Podman's
        return free_text.clean(replacer, free_text.pair(replacer, value, place), place)
    first, last = _ends(name)
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
    return _named_inside(replacer, json_values.clean(replacer, value, place, last), place)


_INSIDE = re.compile(r"(?<![^?#&;])([\w.\[\]-]{1,200})=([^&#;\s]+)", re.ASCII)
"""A parameter inside of a text that is itself a URL, or was not split: ``/cb?auth=x``."""


def _named_inside(replacer: SecretReplacer, text: str, place: str) -> str:
    """Hide the values of parameters in *text* whose names are secret in a query, but not on a command line."""

    def shown(found: re.Match[str]) -> str:
        name, value = found[1].lower(), found[2]
        if not _is_secret(name) or value.lower() in BOOLEAN_VALUES or command_lines.is_reference(value):
            return found[0]
        return f"{found[1]}={replacer.hide(value, place, categories.PARAMETER)}"

    return _INSIDE.sub(shown, text) if "=" in text else text


def _is_secret(name: str) -> bool:
    """Whether the value of the parameter *name*, in lower case, is secret as a whole."""
    first, last = _ends(name)
    return (first in ACCOUNTS and last not in PLAIN_FIELDS) or last in SECRET_NAMES or strong(name)


def _ends(name: str) -> tuple[str, str]:
    """The first and the last part of a name such as ``authconfig[auth]``."""
    parts = _PARTS.findall(name) or [name]
    return parts[0], parts[-1]


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
