"""Registry credentials, in the headers X-Registry-Auth (one) and X-Registry-Config (by host).

Source: moby api/types/registry. Clients without credentials send ``{}`` or ``null``. What a daemon makes of other forms
was tried on dockerd 20.10.24 and 28.5.2: it drops them without an error.
"""

import json
from types import NoneType
from typing import Any

from apispy.decoders.base import decoder
from apispy.decoders.value import Value, as_text, parse_json, unbase64

PLAIN_FIELDS = ("username", "serveraddress", "email")
SECRET_FIELDS = ("password", "auth", "identitytoken", "registrytoken")
"""Fields of an AuthConfig, in lower case: those that are not secret, and those that are."""

_USED_FIELDS = ("username", "password", "identitytoken", "registrytoken")
"""Fields that a daemon uses in the headers. It reads ``auth`` in a client's config file only."""

IGNORED = "registry credentials that Docker ignores"
"""The category of a hidden header whose form no daemon accepts."""

NO_AUTH_CONFIG = 'not base64url of a JSON object with "username" and "password"'


class _Credentials(Value):
    """A header with credentials. Its label says also why a daemon ignores it, if it does."""

    def close(self) -> list[Any]:
        self._data = bytes(self._pending)
        return super().close()

    def described(self, text: str) -> str:
        why = why_ignored(self._data, of_hosts=isinstance(self, RegistryConfig))
        return f"{text}, which Docker ignores: {why}" if why else text


@decoder("registry-auth")
class RegistryAuth(_Credentials):
    """The X-Registry-Auth header: JSON in base64. One value, an AuthConfig."""

    def parse(self, data: bytes) -> Any:
        return parse_json(unbase64(data), dict | NoneType, "base64 of an AuthConfig")

    def describe(self, value: Any) -> str:
        return self.described(describe_auth(value))


@decoder("registry-config")
class RegistryConfig(_Credentials):
    """The X-Registry-Config header: JSON in base64. One value, an object of AuthConfigs by host."""

    def parse(self, data: bytes) -> Any:
        return parse_json(unbase64(data), dict | NoneType, "base64 of AuthConfigs by host")

    def describe(self, value: Any) -> str:
        accounts = [f"{host}: {describe_auth(one)}" for host, one in (value or {}).items()]
        return self.described("; ".join(accounts) or "no credentials")


def describe_auth(value: Any) -> str:
    """Describe credentials without showing them: "ann at https://r.example/ with password"."""
    if value is not None and not isinstance(value, dict):
        raise ValueError("expected an AuthConfig, found another kind of JSON value")
    fields = {name.lower(): one for name, one in (value or {}).items() if one}
    name = as_text(fields.get("username", ""))
    where = f"at {as_text(fields['serveraddress'])}" if "serveraddress" in fields else ""
    secrets = " and ".join(name for name in SECRET_FIELDS if name in fields)
    parts = (name, where, f"with {secrets}" if secrets else "")
    return " ".join(part for part in parts if part) or "no credentials"


def why_ignored(value: bytes, *, of_hosts: bool = False) -> str:
    """Return why a daemon ignores credentials in the form of *value*, "" if it uses them. Quotes nothing of it.

    *of_hosts*: whether it is X-Registry-Config. Never raises.
    """
    text = value.strip()
    if not text:
        return ""
    try:
        found, _ = json.JSONDecoder().raw_decode(unbase64(text).decode("utf-8", "replace").lstrip())
    except (ValueError, RecursionError):
        return NO_AUTH_CONFIG
    if found is not None and not isinstance(found, dict):
        return NO_AUTH_CONFIG
    if not found or not any(found.values()):
        return ""
    if b"+" in text or b"/" in text:
        return "it is in standard base64, and must be in base64url: - for +, _ for /"
    if len(text.rstrip(b"=")) % 4 and not text.endswith(b"="):
        return "its base64 has no padding, and must end in ="
    return "" if of_hosts else _why_unused(found)


def _why_unused(account: dict[str, Any]) -> str:
    """Return why an AuthConfig with content logs nobody in."""
    given = {name.lower(): one for name, one in account.items()}
    if any(not isinstance(given.get(name, ""), str | NoneType) for name in PLAIN_FIELDS + SECRET_FIELDS):
        return NO_AUTH_CONFIG
    if any(given.get(name) for name in _USED_FIELDS):
        return ""
    if any(isinstance(one, dict) for one in given.values()):
        return "it is an object by host, and must be the credentials for one registry"
    return "its auth is not read here: send username and password" if given.get("auth") else ""
