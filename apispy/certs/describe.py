"""Describes certificates. Text from their fields is unescaped: escape it before you show it."""

from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from apispy.certs.issue import san, sans_of

WEAK_HASHES = ("md5", "sha1")
SERVER, CLIENT = "serverAuth", "clientAuth"
_USAGES = {
    ExtendedKeyUsageOID.SERVER_AUTH: SERVER,
    ExtendedKeyUsageOID.CLIENT_AUTH: CLIENT,
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "any",
    ExtendedKeyUsageOID.CODE_SIGNING: "codeSigning",
    ExtendedKeyUsageOID.EMAIL_PROTECTION: "emailProtection",
}


def subject(name: x509.Name) -> str:
    """The name as ``CN=orion,O=apispy``; "(no name)" if it is empty."""
    return name.rfc4514_string() or "(no name)"


def common_name(cert: x509.Certificate) -> str:
    """The subject's first CN; "" if there is none."""
    found = cert.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def names(cert: x509.Certificate) -> list[str]:
    """The DNS names and IP addresses in the SAN. A name that is an address says so: clients do not accept it."""
    return [
        f"{name.value} written as a DNS name" if is_misplaced(name) else str(name.value)
        for name in sans_of(cert)
        if isinstance(name, x509.DNSName | x509.IPAddress)
    ]


def hosts_in(der: bytes) -> list[str]:
    """Return the host names and addresses in the SAN of a certificate in DER; empty if it cannot be read."""
    try:
        sans = sans_of(x509.load_der_x509_certificate(der))
    except ValueError:
        return []
    return [
        str(name.value)
        for name in sans
        if isinstance(name, x509.DNSName | x509.IPAddress) and not is_misplaced(name)
    ]


def is_misplaced(name: x509.GeneralName) -> bool:
    """Whether the SAN entry is an IP address as a DNS name: Go, OpenSSL and curl compare addresses with addresses."""
    return isinstance(name, x509.DNSName) and is_address(name.value)


def is_address(text: str) -> bool:
    """Whether *text* is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def usages(cert: x509.Certificate) -> list[str]:
    """The extended key usages; empty without that extension, which Go and OpenSSL treat as all usages."""
    try:
        present = cert.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return []
    return [_USAGES.get(usage, usage.dotted_string) for usage in present]


def is_for(cert: x509.Certificate, usage: str) -> bool:
    """Whether the certificate allows *usage*: SERVER or CLIENT."""
    return not (found := usages(cert)) or usage in found or "any" in found


def covers(cert: x509.Certificate, host: str) -> bool:
    """Whether the SAN covers *host*, a name or an IP address, by the rules of Go and OpenSSL: * is one whole label."""
    wanted = san(host)
    if isinstance(wanted, x509.IPAddress):
        return wanted in sans_of(cert)
    found = [name.value.lower() for name in sans_of(cert) if isinstance(name, x509.DNSName)]
    text = str(wanted.value).removesuffix(".")
    return text in found or f"*.{text.partition('.')[2]}" in found


def period(cert: x509.Certificate, now: datetime) -> str:
    """The validity period and the days left. *now* is aware, UTC."""
    start, end = cert.not_valid_before_utc, cert.not_valid_after_utc
    if now < start:
        left = f"begins in {time_span(start - now + timedelta(days=1))}"
    elif now >= end:
        left = f"ended {time_span(now - end)} ago"
    else:
        left = f"{time_span(end - now)} left"
    return f"{start:%Y-%m-%d} to {end:%Y-%m-%d}, {left}"


def time_span(span: timedelta) -> str:
    """The whole days of *span*, or its hours if it is shorter than two days: "364 days", "30 hours"."""
    number, unit = (span.days, "day") if span >= timedelta(days=2) else (span // timedelta(hours=1), "hour")
    return f"{number} {unit}{'s' * (number != 1)}"


def key_words(key: PublicKeyTypes) -> str:
    """The type and size of a key: "ECDSA P-256", "RSA 3072"."""
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ECDSA {key.curve.name.replace('secp256r1', 'P-256').replace('secp384r1', 'P-384')}"
    if isinstance(key, dsa.DSAPublicKey):
        return f"DSA {key.key_size}"
    return type(key).__name__.removesuffix("PublicKey").lstrip("_")


def is_authority(cert: x509.Certificate) -> bool:
    """Whether the certificate is a CA's by its basicConstraints (RFC 5280, 4.2.1.9)."""
    try:
        return cert.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def key_usage(cert: x509.Certificate) -> x509.KeyUsage | None:
    """The keyUsage; None if there is none."""
    try:
        return cert.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None


def is_critical(cert: x509.Certificate, extension: type[x509.ExtensionType], *, default: bool) -> bool:
    """Whether the extension is marked as critical; *default* if there is none."""
    try:
        return cert.extensions.get_extension_for_class(extension).critical
    except x509.ExtensionNotFound:
        return default


def key_id(cert: x509.Certificate) -> bytes:
    """The identifier of its key; b"" if there is none."""
    try:
        return cert.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return b""


def authority_key_id(cert: x509.Certificate) -> bytes:
    """The identifier of the key that signed it; b"" if there is none."""
    try:
        return (
            cert.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier or b""
        )
    except x509.ExtensionNotFound:
        return b""


def hash_name(cert: x509.Certificate) -> str:
    """The hash of the signature: "sha256"; "" for algorithms without a separate hash, such as Ed25519."""
    found = cert.signature_hash_algorithm
    return found.name if found else ""
