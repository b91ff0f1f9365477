"""Reads PEM files of any content. It never fails, and names what it cannot read."""

import os
import re
import stat
import warnings
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from apispy import system
from apispy.certs import describe
from apispy.structs import Struct

MAX_SIZE = 1 << 20  # bytes of a file that are read
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----.*?-----END \1-----", re.DOTALL)


class PemFile(Struct, frozen=True):
    """A file: its certificates in order, and the public halves of its private keys.

    ``problem`` is the reason why a part could not be read, ``others`` the PEM labels of other contents.
    """

    path: Path
    mode: int = 0
    certs: tuple[x509.Certificate, ...] = ()
    keys: tuple[PublicKeyTypes, ...] = ()
    encrypted: int = 0  # private keys that cannot be read without a passphrase
    others: tuple[str, ...] = ()
    problem: str = ""

    @property
    def has_key(self) -> bool:
        return bool(self.keys or self.encrypted)


def read_pem(path: Path) -> PemFile:
    """Read *path*, at most its first MiB."""
    try:
        mode, data = _bytes(path)
    except OSError as error:
        return PemFile(path, problem=f"cannot be read: {error.strerror or error}")
    if not stat.S_ISREG(mode):
        return PemFile(path, problem="is not a file")
    parts = _Parts()
    for block in _BLOCK.finditer(data):
        parts.add(block[1].decode(), block[0])
    if not parts.found:
        parts.problem = "holds nothing in PEM" if data else "is empty"
    return PemFile(
        path, system.mode_bits(mode), tuple(parts.certs), tuple(parts.keys), parts.encrypted, tuple(parts.others),
        parts.problem,
    )  # fmt: skip


def _bytes(path: Path) -> tuple[int, bytes]:
    fd = os.open(path, os.O_RDONLY | system.O_CLOEXEC | system.O_NONBLOCK)  # never hang on a FIFO
    with os.fdopen(fd, "rb") as file:
        mode = os.fstat(fd).st_mode
        return mode, file.read(MAX_SIZE) if stat.S_ISREG(mode) else b""


class _Parts:
    """Collects the blocks of a file by kind."""

    def __init__(self) -> None:
        self.certs: list[x509.Certificate] = []
        self.keys: list[PublicKeyTypes] = []
        self.others: list[str] = []
        self.encrypted = 0
        self.found = 0
        self.problem = ""

    def add(self, label: str, block: bytes) -> None:
        self.found += 1
        try:
            if label in ("CERTIFICATE", "X509 CERTIFICATE"):
                self.certs.append(_cert(block))
            elif label.endswith("PRIVATE KEY"):
                self._add_key(label, block)
            else:
                self.others.append(label)
        except (
            Exception
        ) as error:  # hostile bytes: cryptography raises a dozen kinds, and must not end the report
            self.problem = f"holds a damaged {label.lower()}: {error or type(error).__name__}"

    def _add_key(self, label: str, block: bytes) -> None:
        if label.startswith("ENCRYPTED") or b"ENCRYPTED" in block[:200]:
            self.encrypted += 1
        else:
            self.keys.append(load_pem_private_key(block, password=None).public_key())


def _cert(block: bytes) -> x509.Certificate:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cryptography's warnings about outdated certificates
        return whole(x509.load_pem_x509_certificate(block))


def whole(cert: x509.Certificate) -> x509.Certificate:
    """Parse all fields of *cert* that are used later, so that damage raises here and nowhere else."""
    _ = cert.public_key(), cert.signature_hash_algorithm, cert.extensions
    _ = cert.not_valid_before_utc, cert.not_valid_after_utc
    describe.subject(cert.subject), describe.subject(cert.issuer)
    return cert
