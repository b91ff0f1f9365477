"""Registry credentials, in the headers X-Registry-Auth (one) and X-Registry-Config (by host).

Source: moby api/types/registry. Clients without credentials send ``{}`` or ``null``.
"""

from types import NoneType
from typing import Any

from apispy.decoders.base import decoder
from apispy.decoders.value import Value, as_text, parse_json, unbase64

PLAIN_FIELDS = ("username", "serveraddress", "email")
SECRET_FIELDS = ("password", "auth", "identitytoken", "registrytoken")
"""Fields of an AuthConfig, in lower case: those that are not secret, and those that are."""


@decoder("registry-auth")
class RegistryAuth(Value):
    """The X-Registry-Auth header: JSON in base64. One value, an AuthConfig."""

    def parse(self, data: bytes) -> Any:
        return parse_json(unbase64(data), dict | NoneType, "base64 of an AuthConfig")

    def describe(self, value: Any) -> str:
        return describe_auth(value)


@decoder("registry-config")
class RegistryConfig(Value):
    """The X-Registry-Config header: JSON in base64. One value, an object of AuthConfigs by host."""

    def parse(self, data: bytes) -> Any:
        return parse_json(unbase64(data), dict | NoneType, "base64 of AuthConfigs by host")

    def describe(self, value: Any) -> str:
        return (
            "; ".join(f"{host}: {describe_auth(one)}" for host, one in (value or {}).items())
            or "no credentials"
        )


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
