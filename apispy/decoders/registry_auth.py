"""Credentials for registries, in the headers X-Registry-Auth (one) and X-Registry-Config (by host).

Source: moby api/types/registry. Clients say that they have none with ``{}`` or ``null``.
"""

from types import NoneType
from typing import Any

from apispy.decoders.base import decoder
from apispy.decoders.value import Value, in_words, json_of, unbase64

PLAIN = ("username", "serveraddress", "email")
SECRET = ("password", "auth", "identitytoken", "registrytoken")
"""The fields of an AuthConfig, in lower case: those that are no secret, and those that are."""


@decoder("registry-auth")
class RegistryAuth(Value):
    """The X-Registry-Auth header: JSON in base64. One value, an AuthConfig."""

    def read(self, data: bytes) -> Any:
        return json_of(unbase64(data), dict | NoneType, "base64 of an AuthConfig")

    def words(self, value: Any) -> str:
        return account(value)


@decoder("registry-config")
class RegistryConfig(Value):
    """The X-Registry-Config header: JSON in base64. One value, an object of AuthConfigs by host."""

    def read(self, data: bytes) -> Any:
        return json_of(unbase64(data), dict | NoneType, "base64 of AuthConfigs by host")

    def words(self, value: Any) -> str:
        return "; ".join(f"{host}: {account(one)}" for host, one in (value or {}).items()) or "no credentials"


def account(value: Any) -> str:
    """ "ann at https://r.example/ with password": whose credentials, and which; never the credentials themselves."""
    if value is not None and not isinstance(value, dict):
        raise ValueError("expected an AuthConfig, found another kind of JSON value")
    fields = {name.lower(): one for name, one in (value or {}).items() if one}
    name = in_words(fields.get("username", ""))
    where = f"at {in_words(fields['serveraddress'])}" if "serveraddress" in fields else ""
    secrets = " and ".join(name for name in SECRET if name in fields)
    parts = (name, where, f"with {secrets}" if secrets else "")
    return " ".join(part for part in parts if part) or "no credentials"
