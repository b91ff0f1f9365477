"""Takes the secrets out of the headers with registry credentials, and leaves whose they are, and for which registry."""

import base64
import json
from typing import Any

from apispy.decoders.registry_auth import PLAIN, SECRET
from apispy.decoders.value import unbase64
from apispy.model import REDACTED

ONE, MANY = "x-registry-auth", "x-registry-config"


def without_secrets(name: str, value: bytes) -> bytes | None:
    """The header *name* (in lower case) encoded anew as its client encodes, every secret in it REDACTED.

    None if that cannot be done without a doubt: it is another header, no base64 of JSON, or holds anything beside
    what an AuthConfig holds.
    """
    if name not in (ONE, MANY):
        return None
    try:
        found = json.loads(unbase64(value).decode())
        clean = (
            _account(found) if name == ONE else {_place(host): _account(one) for host, one in found.items()}
        )
        text = json.dumps(clean, ensure_ascii=False, separators=(",", ":")).encode()
    except (ValueError, AttributeError, RecursionError):
        return None
    return _encoded(text, like=value.strip())


def _account(value: Any) -> dict[str, str]:
    """An AuthConfig without its secrets. Raises ValueError if it is none."""
    if not isinstance(value, dict):
        raise ValueError("no object")
    return {name: _field(name.lower(), one) for name, one in value.items()}


def _field(name: str, value: Any) -> str:
    if name not in PLAIN + SECRET or not isinstance(value, str):
        raise ValueError("not a field of an AuthConfig")
    if name in SECRET:
        return REDACTED if value else ""
    return _place(value) if name == "serveraddress" else value


def _place(address: str) -> str:
    """A registry's address; one with a user and a password in it is a secret."""
    return REDACTED if "@" in address else address


def _encoded(text: bytes, like: bytes) -> bytes:
    """Base64 in the alphabet, and with the padding, that are seen in *like*; if none are, as Docker does it."""
    plain = b"+" in like or b"/" in like
    encoded = base64.b64encode(text) if plain else base64.urlsafe_b64encode(text)
    padded = len(like) % 4 == 0
    return encoded if padded else encoded.rstrip(b"=")
