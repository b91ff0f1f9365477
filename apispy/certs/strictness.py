"""What docker accepts in a certificate and other clients refuse: the rules of OpenSSL that Go does not have.

Source: check_extensions() in OpenSSL's crypto/x509/x509_vfy.c, which X509_V_FLAG_X509_STRICT turns on, as
``ssl.create_default_context`` does from Python 3.13 on. The tests try each rule with docker, curl and Python.
"""

from collections.abc import Callable

from cryptography import x509

from apispy.certs import describe
from apispy.structs import Struct

STRICT = "Python 3.13 and later (docker-py, for example)"
OPENSSL = "curl and Python"


class Refusal(Struct, frozen=True):
    """``what`` a certificate has or lacks, as the rest of a sentence; ``who`` refuses it for that."""

    what: str
    who: str


class _Rule(Struct, frozen=True):
    applies_to: tuple[str, ...]  # purposes
    broken_by: Callable[[x509.Certificate], bool]
    refusal: Refusal


def refusals(cert: x509.Certificate, purpose: str) -> list[Refusal]:
    """The reasons why some clients refuse *cert*, which docker accepts; *purpose* is "ca" or "server"."""
    return [rule.refusal for rule in _RULES if purpose in rule.applies_to and rule.broken_by(cert)]


def _no_authority_key_id(cert: x509.Certificate) -> bool:
    return cert.issuer != cert.subject and not describe.authority_key_id(cert)


def _no_key_usage(cert: x509.Certificate) -> bool:
    return describe.key_usage(cert) is None


def _constraints_not_critical(cert: x509.Certificate) -> bool:
    return not describe.is_critical(cert, x509.BasicConstraints, default=True)


def _no_key_id(cert: x509.Certificate) -> bool:
    return not describe.key_id(cert)


def _may_sign_certificates(cert: x509.Certificate) -> bool:
    usage = describe.key_usage(cert)
    return usage is not None and usage.key_cert_sign and not describe.is_authority(cert)


def _not_for_tls(cert: x509.Certificate) -> bool:
    usage = describe.key_usage(cert)
    allowed = usage is None or usage.digital_signature or usage.key_encipherment or usage.key_agreement
    return not allowed


def _nameless(cert: x509.Certificate) -> bool:
    return not list(cert.subject)


def _nameless_without_critical_san(cert: x509.Certificate) -> bool:
    return _nameless(cert) and not describe.is_critical(cert, x509.SubjectAlternativeName, default=False)


_CA, _SERVER = ("ca",), ("server",)

_RULES: tuple[_Rule, ...] = tuple(
    _Rule(applies_to, broken_by, Refusal(what, who))
    for applies_to, broken_by, what, who in (
        (_CA, _no_key_usage, "has no keyUsage", STRICT),
        (_CA, _constraints_not_critical, "has basicConstraints that are not critical", STRICT),
        (_CA, _no_key_id, "has no subject key identifier", STRICT),
        (_CA, _nameless, "has an empty subject", "curl and " + STRICT),
        (_CA + _SERVER, _no_authority_key_id, "has no authority key identifier", STRICT),
        (_SERVER, _may_sign_certificates, "has keyCertSign in its keyUsage without being a CA", STRICT),
        (_SERVER, _not_for_tls, "has a keyUsage without digitalSignature", OPENSSL),
        (
            _SERVER,
            _nameless_without_critical_san,
            "has an empty subject and a SAN that is not critical",
            STRICT,
        ),
    )
)
