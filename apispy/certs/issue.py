"""Issues certificates for servers and clients, and checks whether an existing one is still usable.

Their contents meet the requirements of Go (docker CLI, dockerd) and of OpenSSL with VERIFY_X509_STRICT (the default of
Python 3.13): names in the SAN only, the right EKU, an AKI equal to the issuer's SKI.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from apispy.certs.ca import BACKDATE, Authority, Key, certificate, key_usage, name
from apispy.errors import UsageError

# macOS accepts 825 days at most (support.apple.com/103769), and both ends of the period count.
LEAF_LIFE = timedelta(days=825, seconds=-1)
RENEW_BEFORE = timedelta(days=7)


def san(host: str) -> x509.GeneralName:
    """Make an IP SAN for an address, as docker requires, else a DNS SAN. Raises UsageError if *host* is neither."""
    try:
        return x509.IPAddress(ip_address(host.strip("[]").partition("%")[0]))
    except ValueError:
        pass
    try:
        ascii_name = host.encode("idna").decode("ascii")
    except UnicodeError:
        ascii_name = ""
    if not ascii_name or any(c.isspace() or c in "/:@" for c in ascii_name):
        raise UsageError(
            f"A certificate cannot be issued for {host!r}: expected a host name or an IP address without a "
            "port, e.g. build7.example.com or 10.0.0.5."
        )
    return x509.DNSName(ascii_name.lower())


def issue_server(
    ca: Authority,
    key: Key,
    sans: Iterable[x509.GeneralName],
    now: datetime,
    *,
    common_name: str = "apispy server",
    end: datetime | None = None,
) -> x509.Certificate:
    """Issue a certificate for a listener, with EKU serverAuth and ``sans``. ``now`` and ``end`` are aware, UTC.

    It is valid for 825 days or until ``end``, and never longer than its CA.
    """
    # Not critical: the subject is not empty (RFC 5280, 4.2.1.6), and OpenSSL's strict mode enforces that.
    names = x509.SubjectAlternativeName(sorted(set(sans), key=repr))
    builder = _leaf(ca, key, common_name, ExtendedKeyUsageOID.SERVER_AUTH, now, end)
    return builder.add_extension(names, critical=False).sign(ca.key, hashes.SHA256())


def issue_client(
    ca: Authority,
    key: Key,
    now: datetime,
    *,
    common_name: str = "apispy client",
    end: datetime | None = None,
) -> x509.Certificate:
    """Issue a certificate for a client, with EKU clientAuth; ``now`` and ``end`` as for a server.

    A daemon's authorization plugins use ``common_name`` as the user's name (docker's authz docs).
    """
    builder = _leaf(ca, key, common_name, ExtendedKeyUsageOID.CLIENT_AUTH, now, end)
    return builder.sign(ca.key, hashes.SHA256())


def _leaf(
    ca: Authority,
    key: Key,
    common_name: str,
    purpose: x509.ObjectIdentifier,
    now: datetime,
    end: datetime | None,
) -> x509.CertificateBuilder:
    start = now - BACKDATE
    end = min(
        end or start + LEAF_LIFE, ca.cert.not_valid_after_utc
    )  # a longer validity than the CA's has no effect
    return (
        certificate(name(common_name), ca.cert.subject, key, start, end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_authority_key_id(ca.cert), critical=False)
    )


def _authority_key_id(ca: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    try:
        present = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:  # a CA of the user's
        present = x509.SubjectKeyIdentifier.from_public_key(ca.public_key())
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(present)


def still_good(cert: x509.Certificate, ca: Authority, key: Key, now: datetime) -> bool:
    """Whether ``cert`` belongs to ``key``, was signed by ``ca`` and is valid for seven more days."""
    if cert.public_key() != key.public_key() or not signed_by(cert, ca.cert):
        return False
    return cert.not_valid_before_utc <= now < cert.not_valid_after_utc - RENEW_BEFORE


def signed_by(cert: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's name and the signature are those of ``issuer``."""
    try:
        cert.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def sans_of(cert: x509.Certificate) -> Sequence[x509.GeneralName]:
    """The names in the SAN of a certificate; empty if it has none."""
    try:
        return list(cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return []
