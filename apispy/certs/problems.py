"""Problems of certificates and keys, with their remedies. One function for each problem, listed in CHECKS."""

import shlex
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

from apispy.certs import describe
from apispy.certs.files import CERT_MODE, KEY_MODE
from apispy.certs.issue import sans_of
from apispy.certs.pem import PemFile
from apispy.certs.pem_directory import PemDirectory, purpose, signer_fits
from apispy.certs.read import may_sign
from apispy.certs.strictness import refusals
from apispy.structs import Struct

EXPIRY_WARNING = timedelta(days=30)
"""The time before the end in which a certificate is a problem; for a short one, the last quarter of its lifetime."""

RSA_LEAST, EC_LEAST = 2048, 256  # bits


class Problem(Struct, frozen=True):
    """``what`` is wrong and the ``remedy``, both without a full stop. ``advice``: nothing fails because of it."""

    what: str
    remedy: str
    advice: bool = False


class CertificateContext(Struct, frozen=True):
    """A certificate with its file and directory. ``now`` is an aware UTC time."""

    directory_files: PemDirectory
    file: PemFile
    cert: x509.Certificate
    now: datetime

    @property
    def purpose(self) -> str:
        return purpose(self.file, self.cert)


def problems_of_cert(context: CertificateContext) -> list[Problem]:
    """The problems of a certificate."""
    return [problem for check in CHECKS for problem in check(context)]


def problems_of_file(directory_files: PemDirectory, file: PemFile) -> list[Problem]:
    """The problems of a file: its contents, its mode, its place."""
    return [problem for check in FILE_CHECKS for problem in check(directory_files, file)]


def _renew(context: CertificateContext) -> str:
    if context.purpose == "ca":
        return "Make a new CA and new certificates: apispy certs --host NAME --out DIR"
    words = "--client NAME" if context.purpose == "client" else "--host NAME"
    return f"Issue another one: apispy certs {words} --ca DIR --out DIR"


def _dates(context: CertificateContext) -> Iterator[Problem]:
    start, end = context.cert.not_valid_before_utc, context.cert.not_valid_after_utc
    if context.now < start:
        yield Problem(
            f"is not valid before {start:%Y-%m-%d %H:%M} UTC, and the clock of this machine says "
            f"{context.now:%Y-%m-%d %H:%M}",
            "Set the clock, or issue the certificate again",
        )
    elif context.now >= end:
        yield Problem(f"expired on {end:%Y-%m-%d}", _renew(context))
    elif end - context.now < min(EXPIRY_WARNING, (end - start) / 4):
        left = describe.time_span(end - context.now)
        yield Problem(f"expires in {left}, on {end:%Y-%m-%d}", _renew(context))


def _names(context: CertificateContext) -> Iterator[Problem]:
    if context.purpose != "server":
        return
    if not describe.names(context.cert):
        name = describe.common_name(context.cert)
        found = f"only the CN {name!r}, which docker ignores" if name else "nor a CN"
        yield Problem(
            f"has no name or address in its SAN ({found})",
            "Issue it with all names and addresses that clients use: apispy certs --host NAME --ip ADDRESS",
        )
    addresses = [name.value for name in sans_of(context.cert) if describe.is_misplaced(name)]
    if missing := [text for text in addresses if not describe.covers(context.cert, text)]:
        options = " ".join(f"--ip {text}" for text in missing)
        entries = " and ".join(f"IP:{text}" for text in missing)
        yield Problem(
            f"has {' and '.join(missing)} as a DNS name in its SAN, which no client accepts for an address",
            f"Issue it with {entries}: apispy certs {options} --ca DIR --out DIR",
        )


def _usage(context: CertificateContext) -> Iterator[Problem]:
    wanted = {"server": describe.SERVER, "client": describe.CLIENT}.get(context.purpose)
    if wanted and not describe.is_for(context.cert, wanted):
        found = ", ".join(describe.usages(context.cert))
        yield Problem(
            f"is not a {context.purpose} certificate: its usage is {found}, not {wanted}", _renew(context)
        )


def _authority(context: CertificateContext) -> Iterator[Problem]:
    if context.purpose == "ca" and not may_sign(context.cert):
        is_authority = describe.is_authority(context.cert)
        why = "keyUsage has no keyCertSign" if is_authority else "basicConstraints does not say CA:TRUE"
        yield Problem(f"is not a CA certificate ({why})", "Put the CA's own certificate there")


def _strictness(context: CertificateContext) -> Iterator[Problem]:
    """What docker accepts and other clients refuse."""
    if context.purpose == "ca" and not may_sign(context.cert):
        return  # nobody accepts it
    found = refusals(context.cert, context.purpose)
    for who in dict.fromkeys(refusal.who for refusal in found):
        what = " and ".join(refusal.what for refusal in found if refusal.who == who)
        yield Problem(f"{what}: docker accepts that, {who} refuse it", _renew(context))


def _signer(context: CertificateContext) -> Iterator[Problem]:
    found = context.directory_files.issuer(context.file, context.cert)
    if found is None:
        yield from _unknown_signer(context)
    elif found[1] is not context.cert and not may_sign(found[1]):
        name = context.directory_files.name(found[0])
        yield Problem(
            f"was signed by {name}, which is not a CA certificate",
            "Have it signed by a CA: apispy certs --ca DIR",
        )
    elif found[1] is context.cert and context.purpose in ("server", "client"):
        yield from _self_signed(context)


def _unknown_signer(context: CertificateContext) -> Iterator[Problem]:
    issuer = describe.subject(context.cert.issuer)
    others = context.directory_files.authorities_beside(context.file) if context.purpose != "ca" else []
    if others:
        same = any(cert.subject == context.cert.issuer for other in others for cert in other.certs)
        why = "a CA of the same name, but with another key" if same else issuer
        names = ", ".join(context.directory_files.name(other) for other in others)
        yield Problem(
            f"was not signed by the CA in {names}, but by {why}",
            "Put the correct CA there, or issue the certificate again",
        )
    else:
        yield Problem(
            f"has a chain that is not complete: {issuer}, which signed it, is not here",
            "Put that CA's certificate beside it as ca.pem",
        )


def _self_signed(context: CertificateContext) -> Iterator[Problem]:
    others = context.directory_files.authorities_beside(context.file)
    if not any(context.cert in other.certs for other in others if other is not context.file):
        yield Problem("was signed by itself, by no CA", _renew(context))


def _key(context: CertificateContext) -> Iterator[Problem]:
    if context.cert is not context.file.certs[0] or context.directory_files.keys_of(
        context.file, context.cert
    ):
        return  # what follows the first one is its chain, whose keys are elsewhere
    by_name = context.directory_files.key_by_name(context.file)
    if by_name and by_name.keys:
        yield Problem(
            f"does not belong to the key in {context.directory_files.name(by_name)}",
            "Put the two together that belong together",
        )


def _strength(context: CertificateContext) -> Iterator[Problem]:
    key = context.cert.public_key()
    words = describe.key_words(key)
    weak = (isinstance(key, rsa.RSAPublicKey) and key.key_size < RSA_LEAST) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.curve.key_size < EC_LEAST
    )
    if weak or isinstance(key, dsa.DSAPublicKey):
        yield Problem(f"has a weak key: {words}", _renew(context))
    # the signature of a root is never checked: it is trusted because it is there
    if describe.hash_name(context.cert) in describe.WEAK_HASHES and not signer_fits(
        context.cert, context.cert
    ):
        yield Problem(f"has a weak signature: {describe.hash_name(context.cert).upper()}", _renew(context))


CHECKS: tuple[Callable[[CertificateContext], Iterator[Problem]], ...] = (
    _dates, _names, _usage, _authority, _strictness, _signer, _key, _strength,
)  # fmt: skip


def _contents(_: PemDirectory, file: PemFile) -> Iterator[Problem]:
    if file.problem:
        yield Problem(file.problem, "Put the correct file there")


def _passphrase(_: PemDirectory, file: PemFile) -> Iterator[Problem]:
    if file.encrypted and not file.path.stem.startswith("ca"):  # for a CA key, a passphrase is good practice
        out = shlex.quote(f"{file.path}.plain")
        yield Problem(
            "holds a key with a passphrase, which docker and dockerd refuse",
            f"Remove it: (umask 077; openssl pkey -in {shlex.quote(str(file.path))} -out {out})",
        )


def _mode(_: PemDirectory, file: PemFile) -> Iterator[Problem]:
    path = shlex.quote(str(file.path))
    if file.has_key and file.mode & 0o077:
        yield Problem(
            f"holds a private key that other users can access (mode {file.mode:04o})",
            f"chmod {KEY_MODE:o} {path}, and replace the key if somebody may have read it",
        )
    elif file.mode & 0o022:
        yield Problem(f"can be changed by other users (mode {file.mode:04o})", f"chmod {CERT_MODE:o} {path}")


def _place(directory_files: PemDirectory, file: PemFile) -> Iterator[Problem]:
    """A daemon's machine does not need the CA key, and exposes it if it is compromised."""
    beside = [other for other in directory_files.files if other.path.parent == file.path.parent]
    is_cas = file.has_key and (
        file.path.stem.startswith("ca") or any(_is_its_ca(file, other) for other in beside)
    )
    servers = [other for other in beside if other.has_key and other.path.stem.startswith("server")]
    if is_cas and servers:
        yield Problem(
            f"is the CA key, stored next to {directory_files.name(servers[0])}",
            "Copy only ca.pem and the server's two files to the daemon's machine, and store this key elsewhere",
            advice=True,
        )


def _is_its_ca(key: PemFile, other: PemFile) -> bool:
    return any(cert.public_key() in key.keys and may_sign(cert) for cert in other.certs)


FILE_CHECKS: tuple[Callable[[PemDirectory, PemFile], Iterator[Problem]], ...] = (
    _contents, _passphrase, _mode, _place,
)  # fmt: skip
