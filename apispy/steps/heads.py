"""Takes secrets out of header fields and trailers, and quotes of the wire out of messages."""

import re

from apispy.model import Headers
from apispy.steps import kinds, texts
from apispy.steps.hider import Hider
from apispy.steps.registry_auth import without_secrets
from apispy.steps.secret_names import strong

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

REMEMBERED = 2000
"""Harmless header fields that are remembered: most heads are made of the same ones."""

_harmless: set[tuple[bytes, bytes]] = set()

_QUOTED_BYTES = re.compile(r""":?\s*(?:bytearray\()?\bb(['"]).*\1\)?""", re.DOTALL)


def without_quotes(reason: str) -> str:
    """*reason* without the bytes from the wire that a parser's message quotes: a header line, a piece of a body."""
    return _QUOTED_BYTES.sub("", reason)


def fields(hider: Hider, headers: Headers, place: str) -> Headers:
    """*place*: "request.header", "response.trailer", ... If nothing is secret there, *headers* itself is given back."""
    if hider.only_signs and not hider.policy.rules.headers and all(map(_is_harmless, headers.fields)):
        return headers
    shown = tuple((name, _value(hider, name, value, place)) for name, value in headers)
    return headers if shown == headers.fields else Headers(shown)


def _is_harmless(field: tuple[bytes, bytes]) -> bool:
    """Whether nothing that apispy knows of by itself can be secret in a header field."""
    if field in _harmless:
        return True
    name, value = field[0].decode("latin-1").lower(), field[1]
    if name in SECRET_HEADERS or strong(name) or any(sign in value for sign in texts.SIGNS):
        return False
    if len(_harmless) >= REMEMBERED:
        _harmless.clear()
    _harmless.add(field)
    return True


def _value(hider: Hider, name: bytes, value: bytes, place: str) -> bytes:
    shown = name.decode("latin-1")
    lower, place = shown.lower(), f"{place}:{shown}"
    text = value.decode("utf-8", "surrogateescape")
    if lower in hider.policy.rules.headers:
        text = hider.hide(text, place, kinds.RULE)
    elif lower not in SECRET_HEADERS and not strong(lower):
        text = texts.clean(hider, text, place)
    elif value.strip() not in EMPTY_CREDENTIALS:
        kind = kinds.REGISTRY if lower.startswith("x-registry-") else kinds.HEADER
        structured = without_secrets(lower, value, lambda secret: hider.hide(secret, place, kind))
        if structured is not None:
            return structured
        text = hider.hide(text, place, kind)
    return text.encode("utf-8", "surrogateescape")
