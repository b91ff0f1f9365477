"""Takes secrets out of header fields and trailers, and quotes of the wire out of messages."""

import re
from functools import lru_cache

from apispy.model import Headers
from apispy.redaction import categories, free_text
from apispy.redaction.name_patterns import strong
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
"""Header fields whose values are credentials, in lower case, beside those with a name that says so."""

EMPTY_CREDENTIALS = (b"", b"e30=", b"bnVsbA==")
"""What clients send when they have none: nothing, base64 of ``{}`` and of ``null``. It helps to see that."""

_QUOTED_BYTES = re.compile(r""":?\s*(?:bytearray\()?\bb(['"]).*\1\)?""", re.DOTALL)


def without_quotes(reason: str) -> str:
    """*reason* without the bytes from the wire that a parser's message quotes: a header line, a piece of a body."""
    return _QUOTED_BYTES.sub("", reason)


def fields(hider: SecretReplacer, headers: Headers, place: str) -> Headers:
    """*place*: "request.header", "response.trailer", ... Those in which nothing is hidden come back as they are."""
    if hider.only_signs and not hider.policy.rules.headers and _are_plain(headers.fields):
        return headers
    return Headers(tuple((name, _value(hider, name, value, place)) for name, value in headers))


def _are_plain(pairs: tuple[tuple[bytes, bytes], ...]) -> bool:
    """Whether nothing in these fields can be a secret that apispy knows of by itself."""
    values = b"\n".join([value for _, value in pairs])
    if b"://" in values or b"SWM" in values or b"-----BEGIN" in values:  # as texts.KNOWN
        return False
    return not any(_is_secret(name) for name, _ in pairs)


@lru_cache(1024)
def _is_secret(name: bytes) -> bool:
    lower = name.decode("latin-1").lower()
    return lower in SECRET_HEADERS or strong(lower)


def _value(hider: SecretReplacer, name: bytes, value: bytes, place: str) -> bytes:
    shown = name.decode("latin-1")
    lower, place = shown.lower(), f"{place}:{shown}"
    text = value.decode("utf-8", "surrogateescape")
    if lower in hider.policy.rules.headers:
        text = hider.hide(text, place, categories.RULE)
    elif not _is_secret(name):
        text = free_text.clean(hider, text, place)
    elif value.strip() not in EMPTY_CREDENTIALS:
        kind = categories.REGISTRY if lower.startswith("x-registry-") else categories.HEADER
        structured = without_secrets(lower, value, lambda secret: hider.hide(secret, place, kind))
        if structured is not None:
            return structured
        text = hider.hide(text, place, kind)
    return text.encode("utf-8", "surrogateescape")
