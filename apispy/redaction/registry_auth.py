"""Removes secrets from the headers with registry credentials; user and registry stay."""

import base64
import json
from collections.abc import Callable
from typing import Any

from apispy.decoders.registry_auth import PLAIN_FIELDS, SECRET_FIELDS
from apispy.decoders.value import unbase64

Hide = Callable[[str], str]
"""Gives the replacement of a secret."""

ONE, MANY = "x-registry-auth", "x-registry-config"


def without_secrets(name: str, value: bytes, hide: Hide) -> bytes | None:
    """Redact the header *name* (in lower case), encoded again as its client encodes.

    None if that is not certain to be complete: another header, not base64 of JSON, or anything that an AuthConfig does
    not have.
    """
    if name not in (ONE, MANY):
        return None
    try:
        found = json.loads(unbase64(value).decode())
        _check(found if name == ONE else list(found.values()))
        clean = (
            _account(found, hide)
            if name == ONE
            else {_place(host, hide): _account(one, hide) for host, one in found.items()}
        )
        text = json.dumps(clean, ensure_ascii=False, separators=(",", ":")).encode()
    except (ValueError, AttributeError, RecursionError):
        return None
    return _encoded(text, like=value.strip())


def _check(found: Any) -> None:
    """Check that *found* is an AuthConfig or a list of them, before anything is hidden. Raises ValueError if not."""
    for account in found if isinstance(found, list) else [found]:
        if not isinstance(account, dict):
            raise ValueError("no object")
        for name, value in account.items():
            if name.lower() not in PLAIN_FIELDS + SECRET_FIELDS or not isinstance(value, str):
                raise ValueError("not a field of an AuthConfig")


def _account(value: dict[str, str], hide: Hide) -> dict[str, str]:
    return {name: _field(name.lower(), one, hide) for name, one in value.items()}


def _field(name: str, value: str, hide: Hide) -> str:
    if name in SECRET_FIELDS:
        return hide(value)
    return _place(value, hide) if name == "serveraddress" else value


def _place(address: str, hide: Hide) -> str:
    """A registry's address; one with a user in it is secret."""
    return hide(address) if "@" in address else address


def _encoded(text: bytes, like: bytes) -> bytes:
    """Encode *text*, a JSON object, in base64 with the alphabet and padding of *like*, so that both show.

    Spaces before the object move characters to where the standard alphabet shows, or missing padding does. Docker's
    URL-safe alphabet if *like* shows neither.
    """
    plain, padded = b"+" in like or b"/" in like, len(like) % 4 == 0
    for spaces in range(3):
        shifted = b" " * spaces + text
        encoded = base64.b64encode(shifted) if plain else base64.urlsafe_b64encode(shifted)
        shows = padded or encoded.endswith(b"=")
        if shows and (not plain or b"+" in encoded or b"/" in encoded):
            return encoded if padded else encoded.rstrip(b"=")
    return encoded if padded else encoded.rstrip(b"=")
