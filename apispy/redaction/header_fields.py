"""Removes secrets from header fields and trailers, and quoted bytes from messages."""

import re
from functools import lru_cache

from apispy.decoders.registry_auth import why_ignored
from apispy.model import REDACTED, Headers
from apispy.redaction import categories, command_lines, json_values, query
from apispy.redaction.known_secrets import KnownSecrets
from apispy.redaction.name_patterns import strong
from apispy.redaction.policy import Policy
from apispy.redaction.registry_auth import without_secrets
from apispy.redaction.tokens import SecretReplacer

SECRET_HEADERS = (
    "x-registry-auth",
    "x-registry-config",
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
)
"""Header fields, in lower case, whose values are credentials, in addition to names that ``name_patterns`` finds."""

_OF_AUTHORIZATION = re.compile(r"authorization|(?:\A|[-_])auth(?:[-_]?key)?\Z")
"""Other names, in lower case, of such fields: ``HttpHeaders`` of docker's configuration often has ``X-Meta-Auth``."""

HOST_HEADERS = (
    b"host",
    b":authority",
    b"x-forwarded-host",
    b"x-forwarded-server",
    b"x-original-host",
    b"forwarded",
)
"""Fields, in lower case, with a host, before which a client may write a user."""

ADDRESS_HEADERS = (
    b"location",
    b"content-location",
    b"referer",
    b"x-forwarded-uri",
    b"x-original-uri",
    b"x-original-url",
    b"x-rewrite-url",
)
"""Fields, in lower case, with a URL or a path, whose query and fragment may have secrets."""

_USER_OF_HOST = re.compile(r"(?i:(?<=host=)|(?<=host=\")|\A)[^\";,]+(?=@)")

QUOTING_HEADERS = (b"grpc-message", b"grpc-status-details-bin")
"""Fields of gRPC, in lower case, that are withheld: errors, percent-encoded or binary, that may quote anything."""

EMPTY_CREDENTIALS = (b"", b"e30=", b"bnVsbA==")
"""Values of clients without credentials: nothing, base64 of ``{}`` and of ``null``. They are shown."""

MAX_CACHED, MAX_CACHED_LENGTH = 1024, 128
"""The size of the cache of names, and the length of the longest name in it: a client may send 64 kB."""

_QUOTED_BYTES = re.compile(r""":?\s*(?:bytearray\()?\bb(['"]).*\1\)?""", re.DOTALL)


def without_quotes(reason: str) -> str:
    """Remove bytes of the connection that a parser's message quotes, such as a header line or a part of a body."""
    return _QUOTED_BYTES.sub("", reason)


def fields(replacer: SecretReplacer, headers: Headers, place: str, *, quoting: bool = False) -> Headers:
    """Redact header fields; the same object if nothing is hidden. *place*: "request.header", "response.trailer", ...

    *quoting*: the errors of gRPC in them are redacted already, so that they need not be withheld.
    """
    if not headers.fields:
        return headers
    if replacer.prefilter_suffices and are_plain(replacer.policy, replacer.known_secrets, headers):
        return headers
    shown = set(QUOTING_HEADERS if quoting else ()) - {
        name.encode() for name in replacer.policy.rules.headers
    }
    changed = tuple(
        (name, value if name.lower() in shown else _value(replacer, name, value, place))
        for name, value in headers
    )
    return headers if changed == headers.fields else Headers(changed)


def are_plain(policy: Policy, known_secrets: KnownSecrets, headers: Headers) -> bool:
    """Whether these fields certainly have nothing to hide, user rules on bodies aside."""
    pairs = headers.fields
    if policy.rules.headers:
        return False
    values = b"\n".join([value for _, value in pairs])
    if b"://" in values or b"SWM" in values or b"-----BEGIN" in values:  # as free_text.KNOWN
        return False
    if command_lines.may_have_form(values.decode("latin-1")):
        return False
    if known_secrets.found_in(values):
        return False
    return not any(_is_searched(name) or _may_have_address(name, value) for name, value in pairs)


def _may_have_address(name: bytes, value: bytes) -> bool:
    """Whether a field has a host with a user, or a URL with a secret parameter."""
    lower = name.lower()
    if lower in HOST_HEADERS:
        return b"@" in value or b"%" in value
    return lower in ADDRESS_HEADERS and not query.has_no_secret(value.decode("latin-1"))


def _is_searched(name: bytes) -> bool:
    """Whether a field of this name has credentials, or may quote them."""
    return (_is_searched_cached if len(name) <= MAX_CACHED_LENGTH else _look_up_search)(name)


def _look_up_search(name: bytes) -> bool:
    return _look_up(name) or name.lower() in QUOTING_HEADERS


_is_searched_cached = lru_cache(MAX_CACHED)(_look_up_search)


def _is_secret(name: bytes) -> bool:
    """Whether a field of this name has credentials."""
    return (_look_up_cached if len(name) <= MAX_CACHED_LENGTH else _look_up)(name)


def _look_up(name: bytes) -> bool:
    lower = name.decode("latin-1").lower()
    return lower in SECRET_HEADERS or strong(lower) or _OF_AUTHORIZATION.search(lower) is not None


_look_up_cached = lru_cache(MAX_CACHED)(_look_up)


def _value(replacer: SecretReplacer, name: bytes, value: bytes, place: str) -> bytes:
    shown = name.decode("latin-1")
    lower, place = shown.lower(), f"{place}:{shown}"
    text = value.decode("utf-8", "surrogateescape")
    if name.lower() in QUOTING_HEADERS and value and text != REDACTED:
        replacer.withhold(place, categories.GRPC_ERROR)
        return REDACTED.encode()
    if lower in replacer.policy.rules.headers:
        text = replacer.hide(text, place, categories.RULE)
    elif not _is_secret(name):
        if name.lower() in HOST_HEADERS and "@" in (plain := query.decodings(text)[-1]):
            text = _USER_OF_HOST.sub(lambda user: replacer.hide(user[0], place, categories.URL), plain)
        elif name.lower() in ADDRESS_HEADERS:
            text = query.address(replacer, text, place, place)
        text = json_values.plain_text(replacer, text, place)
    elif value.strip() not in EMPTY_CREDENTIALS:
        kind = categories.REGISTRY if lower.startswith("x-registry-") else categories.HEADER
        structured = without_secrets(lower, value, lambda secret: replacer.hide(secret, place, kind))
        if structured is not None:
            return structured
        if kind == categories.REGISTRY and why_ignored(value, of_hosts=lower == "x-registry-config"):
            kind = categories.IGNORED_REGISTRY
        text = replacer.hide(text, place, kind)
    return text.encode("utf-8", "surrogateescape")
