"""Certificates for tests, valid or with one flaw, issued without apispy's code."""

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
HOSTS = ("localhost", "127.0.0.1")
KEY_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class IssuedCert:
    cert: x509.Certificate
    key: Any

    @property
    def pem(self) -> bytes:
        return self.cert.public_bytes(Encoding.PEM)

    def key_pem(self, passphrase: bytes = b"") -> bytes:
        how = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)

    def write(self, directory: Path, cert: str, key: str = "", ca: "IssuedCert | None" = None) -> Path:
        """Put the certificate, its key (0600) and ca.pem into *directory*, and return it."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        (directory / cert).write_bytes(self.pem)
        if key:
            (directory / key).touch(0o600)
            (directory / key).write_bytes(self.key_pem())
        if ca:
            (directory / "ca.pem").write_bytes(ca.pem)
        return directory


def issue_cert(
    name: str,
    issuer: IssuedCert | None = None,
    *,
    sans: tuple[str, ...] = HOSTS,
    usages: tuple[x509.ObjectIdentifier, ...] = (),
    ca: bool = False,
    begins: float = -1,
    ends: float = 365,
    key: Any = None,
    damaged: bool = False,
    key_usage: tuple[str, ...] | None = None,
    without: tuple[str, ...] = (),
    critical: bool = True,
) -> IssuedCert:
    """Issue a certificate signed by *issuer* (None: itself); *begins* and *ends* are days from now.

    *damaged*: add an extension that OpenSSL ignores and cryptography cannot parse. *key_usage*: names of x509.KeyUsage;
    () is none at all, None what a CA or a server ought to have. *without*: of "subject", "key id", "authority key id".
    *critical*: whether basicConstraints are.
    """
    key = key or new_key()
    subject = x509.Name([] if "subject" in without else [x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = issuer.key if issuer else key
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.cert.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins))
        .not_valid_after(now + timedelta(days=ends))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=critical)
    )
    if key_usage is None:
        key_usage = ("key_cert_sign", "crl_sign") if ca else ("digital_signature",)
    extensions: dict[str, x509.ExtensionType] = {
        "key id": x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
        "authority key id": x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
    }
    if key_usage:
        extensions["key usage"] = x509.KeyUsage(**{bit: bit in key_usage for bit in KEY_USAGES})
    for what, value in extensions.items():
        if what not in without:
            builder = builder.add_extension(value, critical=what == "key usage")
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    if sans:
        builder = builder.add_extension(x509.SubjectAlternativeName([_san(s) for s in sans]), critical=False)
    if damaged:
        extension = x509.UnrecognizedExtension(x509.AuthorityInformationAccess.oid, b"no DER")
        builder = builder.add_extension(extension, critical=False)
    return IssuedCert(builder.sign(signer, hashes.SHA256()), key)


def make_ca(name: str = "test CA", **more: Any) -> IssuedCert:
    return issue_cert(name, sans=(), ca=True, **more)


def _san(text: str) -> x509.GeneralName:
    """*text* as it ought to stand there; "DNS:127.0.0.1" is an address as a DNS name."""
    if text.startswith("DNS:"):
        return x509.DNSName(text.removeprefix("DNS:"))
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def old_signature(name: str, issuer: IssuedCert, digest: str, where: Path) -> IssuedCert:
    """Issue a server certificate signed with md5 or sha1 by openssl, because cryptography no longer does."""
    where.mkdir(parents=True)
    made = issue_cert(name)
    issuer.write(where, "issuer.pem", "issuer.key")
    made.write(where, "cert.pem", "its.key")
    itself = issuer.cert.subject.rfc4514_string() == f"CN={name}"
    signer = [] if itself else ["-CA", where / "issuer.pem", "-CAkey", where / "issuer.key"]
    extensions = (
        []
        if itself
        else ["-addext", "extendedKeyUsage=serverAuth", "-addext", "subjectAltName=DNS:localhost"]
    )
    extensions += ["-addext", f"keyUsage={'keyCertSign' if itself else 'digitalSignature'}"]
    extensions += ["-addext", f"basicConstraints=critical,CA:{'TRUE' if itself else 'FALSE'}"]
    key = where / ("issuer.key" if itself else "its.key")
    command = ["openssl", "req", "-x509", "-new", f"-{digest}", "-subj", f"/CN={name}", "-key", key, *signer]
    done = subprocess.run([*command, *extensions, "-days", "99"], check=True, capture_output=True, timeout=30)
    return IssuedCert(x509.load_pem_x509_certificate(done.stdout), issuer.key if itself else made.key)
