"""What is wrong with a certificate or a key, and what to do about it. One function a fault, in the table at the end."""

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

from apispy.certs import describe
from apispy.certs.files import CERT_MODE, KEY_MODE
from apispy.certs.pem import PemFile
from apispy.certs.pem_directory import PemDirectory, purpose, signer_fits
from apispy.certs.read import may_sign

SOON = timedelta(days=30)
RSA_LEAST, EC_LEAST = 2048, 256  # bits


@dataclass(frozen=True)
class Problem:
    """``what`` is wrong and the ``cure``, both without a full stop. ``advice``: nothing fails because of it."""

    what: str
    cure: str
    advice: bool = False


@dataclass(frozen=True)
class CertificateContext:
    """One certificate of a file, among all the others; ``now`` is aware, UTC."""

    shelf: PemDirectory
    file: PemFile
    cert: x509.Certificate
    now: datetime

    @property
    def purpose(self) -> str:
        return purpose(self.file, self.cert)


def problems_of_cert(case: CertificateContext) -> list[Problem]:
    """All that is wrong with a certificate."""
    return [fault for check in CHECKS for fault in check(case)]


def problems_of_file(shelf: PemDirectory, file: PemFile) -> list[Problem]:
    """What is wrong with a file as a file: its contents, its mode, its place."""
    return [fault for check in FILE_CHECKS for fault in check(shelf, file)]


def _renew(case: CertificateContext) -> str:
    if case.purpose == "ca":
        return "Make a new CA and new certificates: apispy certs --host NAME --out DIR"
    words = "--client NAME" if case.purpose == "client" else "--host NAME"
    return f"Issue another one: apispy certs {words} --ca DIR --out DIR"


def _dates(case: CertificateContext) -> Iterator[Problem]:
    start, end = case.cert.not_valid_before_utc, case.cert.not_valid_after_utc
    if case.now < start:
        yield Problem(
            f"is not yet valid: it begins {start:%Y-%m-%d %H:%M} UTC, and the clock here says "
            f"{case.now:%Y-%m-%d %H:%M}",
            "Set the clock, or issue it again",
        )
    elif case.now >= end:
        yield Problem(f"has expired, on {end:%Y-%m-%d}", _renew(case))
    elif end - case.now < SOON:
        yield Problem(f"ends in {(end - case.now).days} days, on {end:%Y-%m-%d}", _renew(case))


def _names(case: CertificateContext) -> Iterator[Problem]:
    if case.purpose != "server" or describe.names(case.cert):
        return
    name = describe.common_name(case.cert)
    found = f"only the CN {name!r}, at which docker does not look" if name else "not even a CN"
    yield Problem(
        f"has no name or address in its SAN ({found})",
        "Issue it with all names and addresses by which clients dial: apispy certs --host NAME --ip ADDRESS",
    )


def _usage(case: CertificateContext) -> Iterator[Problem]:
    wanted = {"server": describe.SERVER, "client": describe.CLIENT}.get(case.purpose)
    if wanted and not describe.is_for(case.cert, wanted):
        found = ", ".join(describe.usages(case.cert))
        yield Problem(f"is not for a {case.purpose}: its usage is {found}, not {wanted}", _renew(case))


def _authority(case: CertificateContext) -> Iterator[Problem]:
    if case.purpose == "ca" and not may_sign(case.cert):
        yield Problem(
            "is not the certificate of a CA (basicConstraints do not say CA:TRUE)",
            "Put the CA's own certificate there",
        )


def _signer(case: CertificateContext) -> Iterator[Problem]:
    found = case.shelf.issuer(case.file, case.cert)
    if found is None:
        yield from _unknown_signer(case)
    elif found[1] is not case.cert and not may_sign(found[1]):
        name = case.shelf.name(found[0])
        yield Problem(
            f"was signed by {name}, which is not a CA's", "Have it signed by a CA: apispy certs --ca DIR"
        )
    elif found[1] is case.cert and case.purpose in ("server", "client"):
        yield from _self_signed(case)


def _unknown_signer(case: CertificateContext) -> Iterator[Problem]:
    issuer = describe.subject(case.cert.issuer)
    others = case.shelf.authorities_beside(case.file) if case.purpose != "ca" else []
    if others:
        same = any(cert.subject == case.cert.issuer for other in others for cert in other.certs)
        why = "a CA of the same name, but with another key" if same else issuer
        names = ", ".join(case.shelf.name(other) for other in others)
        yield Problem(
            f"was not signed by the CA in {names}, but by {why}", "Put the right CA there, or issue it again"
        )
    else:
        yield Problem(
            f"has a chain that is not complete: {issuer}, which signed it, is not here",
            "Put that CA's certificate beside it as ca.pem",
        )


def _self_signed(case: CertificateContext) -> Iterator[Problem]:
    others = case.shelf.authorities_beside(case.file)
    if not any(case.cert in other.certs for other in others if other is not case.file):
        yield Problem("was signed by itself, by no CA", _renew(case))


def _key(case: CertificateContext) -> Iterator[Problem]:
    if case.cert is not case.file.certs[0] or case.shelf.keys_of(case.file, case.cert):
        return  # what follows the first one is its chain, whose keys are elsewhere
    by_name = case.shelf.key_by_name(case.file)
    if by_name and by_name.keys:
        yield Problem(
            f"does not belong to the key in {case.shelf.name(by_name)}",
            "Put the two together that belong together",
        )


def _strength(case: CertificateContext) -> Iterator[Problem]:
    key = case.cert.public_key()
    words = describe.key_words(key)
    weak = (isinstance(key, rsa.RSAPublicKey) and key.key_size < RSA_LEAST) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.curve.key_size < EC_LEAST
    )
    if weak or isinstance(key, dsa.DSAPublicKey):
        yield Problem(f"has a weak key: {words}", _renew(case))
    # the signature of a root is never checked: it is trusted because it is there
    if describe.hash_name(case.cert) in describe.WEAK_HASHES and not signer_fits(case.cert, case.cert):
        yield Problem(f"has a weak signature: {describe.hash_name(case.cert).upper()}", _renew(case))


CHECKS: tuple[Callable[[CertificateContext], Iterator[Problem]], ...] = (
    _dates, _names, _usage, _authority, _signer, _key, _strength,
)  # fmt: skip


def _contents(_: PemDirectory, file: PemFile) -> Iterator[Problem]:
    if file.problem:
        yield Problem(file.problem, "Put the right file there")


def _passphrase(_: PemDirectory, file: PemFile) -> Iterator[Problem]:
    if file.encrypted and not file.path.stem.startswith("ca"):  # a CA's key is well kept so
        out = shlex.quote(f"{file.path}.plain")
        yield Problem(
            "holds a key with a passphrase, which docker and dockerd refuse",
            f"Take it off: (umask 077; openssl pkey -in {shlex.quote(str(file.path))} -out {out})",
        )


def _mode(_: PemDirectory, file: PemFile) -> Iterator[Problem]:
    path = shlex.quote(str(file.path))
    if file.has_key and file.mode & 0o077:
        yield Problem(
            f"holds a private key, and others have access to it (mode {file.mode:04o})",
            f"chmod {KEY_MODE:o} {path}, and replace it if somebody may have read it",
        )
    elif file.mode & 0o022:
        yield Problem(f"can be changed by others (mode {file.mode:04o})", f"chmod {CERT_MODE:o} {path}")


def _place(shelf: PemDirectory, file: PemFile) -> Iterator[Problem]:
    """A daemon's machine needs no CA key, and gives it away when it is broken into."""
    beside = [other for other in shelf.files if other.path.parent == file.path.parent]
    is_cas = file.has_key and (
        file.path.stem.startswith("ca") or any(_is_its_ca(file, other) for other in beside)
    )
    servers = [other for other in beside if other.has_key and other.path.stem.startswith("server")]
    if is_cas and servers:
        yield Problem(
            f"is the key of the CA and lies beside {shelf.name(servers[0])}",
            "Copy only ca.pem and the server's two files to the daemon's machine, and keep this key elsewhere",
            advice=True,
        )


def _is_its_ca(key: PemFile, other: PemFile) -> bool:
    return any(cert.public_key() in key.keys and may_sign(cert) for cert in other.certs)


FILE_CHECKS: tuple[Callable[[PemDirectory, PemFile], Iterator[Problem]], ...] = (
    _contents, _passphrase, _mode, _place,
)  # fmt: skip
