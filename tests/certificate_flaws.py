"""Certificates that some clients refuse and others accept, one flaw each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.certificates import SERVER, IssuedCert, issue_cert, make_ca

CLIENTS = ("docker", "curl", "python", "strict python")


@dataclass(frozen=True)
class Flaw:
    """A CA and a server's certificate with one flaw; ``said`` of it by --show, "" if it is none; who refuses it."""

    name: str
    said: str = ""
    refused_by: tuple[str, ...] = ()
    ca: Any = ()
    server: Any = ()

    def write(self, where: Path) -> Path:
        """Write ca.pem, server.pem and server-key.pem into *where*."""
        ca = make_ca(**dict(self.ca))
        server: IssuedCert = issue_cert("orion", ca, **{"usages": (SERVER,), **dict(self.server)})
        return server.write(where, "server.pem", "server-key.pem", ca)


_STRICT = ("strict python",)
_OPENSSL = ("curl", "python", "strict python")

FLAWS = (
    Flaw("none"),
    Flaw("address-as-dns-name", "has 127.0.0.1 as a DNS name in its SAN", CLIENTS,
         server={"sans": ("orion", "DNS:127.0.0.1")}),
    Flaw("address-in-both-forms", server={"sans": ("127.0.0.1", "DNS:127.0.0.1")}),
    Flaw("ca-without-key-usage", "has no keyUsage: docker accepts", _STRICT, ca={"key_usage": ()}),
    Flaw("ca-that-may-not-sign", "is not a CA certificate (keyUsage has no keyCertSign)", CLIENTS,
         ca={"key_usage": ("digital_signature",)}),
    Flaw("ca-without-key-id", "has no subject key identifier: docker", _STRICT, ca={"without": ("key id",)}),
    Flaw("root-without-authority-key-id", ca={"without": ("authority key id",)}),
    Flaw("ca-not-critical", "has basicConstraints that are not critical: docker", _STRICT, ca={"critical": False}),
    Flaw("ca-without-subject", "has an empty subject: docker accepts that, curl", ("curl", "strict python"),
         ca={"without": ("subject",)}),
    Flaw("server-without-authority-key-id", "has no authority key identifier: docker", _STRICT,
         server={"without": ("authority key id",)}),
    Flaw("server-without-key-id", server={"without": ("key id",)}),
    Flaw("server-without-key-usage", server={"key_usage": ()}),
    Flaw("server-that-signs", "has keyCertSign in its keyUsage", _STRICT,
         server={"key_usage": ("digital_signature", "key_cert_sign")}),
    Flaw("server-not-for-tls", "has a keyUsage without digitalSignature: docker accepts that, curl", _OPENSSL,
         server={"key_usage": ("content_commitment",)}),
    Flaw("server-without-subject", "has an empty subject and a SAN that is not critical", _STRICT,
         server={"without": ("subject",)}),
    Flaw("server-without-usage", server={"usages": ()}),
)  # fmt: skip
