"""The certificate authority: a key and its self-signed certificate."""

from datetime import datetime, timedelta
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from apispy.structs import Struct

type Algorithm = Literal["ecdsa", "rsa"]
type Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

CA_LIFE = timedelta(days=3650)
RSA_BITS = (
    3072  # as strong as P-256 (NIST SP 800-57, table 2); Docker's 4096 makes each handshake twice as slow
)
BACKDATE = timedelta(hours=48)  # so that a peer with a slow clock does not see "not yet valid"


class Authority(Struct, frozen=True):
    """A certificate authority: its certificate and the private key."""

    cert: x509.Certificate
    key: Key


def new_key(algorithm: Algorithm = "ecdsa") -> Key:
    """Make a key: ECDSA P-256, which is small, fast and supported by every TLS 1.2 peer, or RSA."""
    if algorithm == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    return ec.generate_private_key(ec.SECP256R1())


def new_authority(key: Key, now: datetime, end: datetime | None = None) -> Authority:
    """Make a CA for ``key``, valid from 48 hours before ``now`` (aware, UTC) to ``end``, or for ten years.

    Its name is derived from the key, so a lost ``ca.pem`` can be made again from ``ca-key.pem``, and earlier
    certificates still verify.
    """
    key_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    subject = name(f"apispy CA {key_id.digest.hex()[:8]}")
    usage = key_usage(key_cert_sign=True, crl_sign=True)
    builder = (
        certificate(subject, subject, key, now - BACKDATE, end or now - BACKDATE + CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(key_id, critical=False)
    )
    return Authority(builder.sign(key, hashes.SHA256()), key)


def certificate(
    subject: x509.Name, issuer: x509.Name, key: Key, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    """The fields common to all certificates; the serial number is random (RFC 5280, 4.1.2.2)."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )


def name(common_name: str) -> x509.Name:
    """``O=apispy, CN=common_name``."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "apispy"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def key_usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    """A KeyUsage extension with only the named bits set."""
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def cert_pem(cert: x509.Certificate) -> bytes:
    """The certificate as PEM."""
    return cert.public_bytes(Encoding.PEM)


def key_pem(key: Key) -> bytes:
    """The private key as unencrypted PKCS #8 PEM: docker refuses encrypted keys."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
