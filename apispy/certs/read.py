"""Reads certificates, keys and authorities that must be usable. Errors name the unusable part and a remedy."""

from datetime import datetime
from pathlib import Path
from shlex import quote

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from apispy.certs import describe
from apispy.certs.ca import Authority, Key
from apispy.certs.files import CERT_MODE, KEY_MODE, read_file
from apispy.errors import ApispyError


def read_cert(path: Path, remedy: str) -> x509.Certificate:
    """Read the first certificate in the PEM file *path*. Raises ApispyError, whose text ends in *remedy*."""
    try:
        cert = x509.load_pem_x509_certificate(read_file(path, CERT_MODE))
        _ = cert.extensions  # extensions are parsed on access: damage must show here
        return cert
    except ValueError as error:
        raise _damaged(path, "a certificate in PEM", remedy) from error


def read_key(path: Path, remedy: str) -> Key:
    """Read the private key in the PEM file *path*. Raises ApispyError ending in *remedy*, also if it is encrypted."""
    data = read_file(path, KEY_MODE)
    try:
        key = load_pem_private_key(data, password=None)
    except TypeError as error:  # raised by cryptography for a passphrase
        plain = f"openssl pkey -in {quote(str(path))} -out {quote(f'{path}.plain')}"
        raise ApispyError(
            f"{path}: expected an unencrypted private key in PEM, found one with a passphrase. Remove it with "
            f"(umask 077; {plain}), or else: {remedy}."
        ) from error
    except ValueError as error:
        raise _damaged(path, "an unencrypted private key in PEM", remedy) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise _damaged(path, "an ECDSA or RSA key", remedy)
    return key


def read_authority(cert_path: Path, key_path: Path, now: datetime, remedy: str) -> Authority:
    """Read a CA from its two files and check that peers accept the certificates that it issues.

    ``now`` is aware, UTC. Raises ApispyError for a failed check, whose text ends in *remedy*.
    """
    found = Authority(read_cert(cert_path, remedy), read_key(key_path, remedy))
    if problem := _problem(found, key_path, now):
        raise ApispyError(f"{cert_path}: {problem}. {remedy}.")
    return found


def _problem(ca: Authority, key_path: Path, now: datetime) -> str:
    if ca.cert.public_key() != ca.key.public_key():
        return f"expected the certificate of the key in {key_path}, found that of another key"
    if not may_sign(ca.cert):
        return "expected the certificate of a CA, found one that may not sign others"
    start, end = ca.cert.not_valid_before_utc, ca.cert.not_valid_after_utc
    if not start <= now < end:
        period = f"{start:%Y-%m-%d} to {end:%Y-%m-%d}"
        return f"expected a CA that is valid now ({now:%Y-%m-%d %H:%M} UTC), found one for {period}"
    return ""


def may_sign(cert: x509.Certificate) -> bool:
    """Whether clients accept certificates that *cert* signed: a CA, whose keyUsage, if any, has keyCertSign."""
    usage = describe.key_usage(cert)
    return describe.is_authority(cert) and (usage is None or usage.key_cert_sign)


def _damaged(path: Path, expected: str, remedy: str) -> ApispyError:
    return ApispyError(
        f"{path}: expected {expected}, found {path.stat().st_size} bytes of something else. {remedy}."
    )
