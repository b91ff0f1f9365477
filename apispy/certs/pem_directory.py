"""The PEM files of a directory and their relations: signers, keys, purposes."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from cryptography import x509

from apispy.certs import describe
from apispy.certs.issue import signed_by
from apispy.certs.pem import PemFile, read_pem
from apispy.certs.read import may_sign
from apispy.structs import Struct

type Purpose = Literal["ca", "server", "client", ""]

SUFFIXES = (".pem", ".crt", ".cer", ".cert", ".key")
MAX_DEPTH = 2  # levels below the directory, for docker-machine's machines/NAME
MAX_FILES = 200


class PemDirectory(Struct, frozen=True):
    """The PEM files under ``directory``. ``truncated``: there are more than MAX_FILES."""

    directory: Path
    files: tuple[PemFile, ...]
    truncated: bool

    def name(self, file: PemFile) -> str:
        """The path of *file* within the directory."""
        return str(file.path.relative_to(self.directory))

    def near(self, file: PemFile) -> list[PemFile]:
        """All files, those of the same directory first."""
        return sorted(self.files, key=lambda other: other.path.parent != file.path.parent)

    def issuer(self, file: PemFile, cert: x509.Certificate) -> tuple[PemFile, x509.Certificate] | None:
        """The signer of *cert* in *file*: *cert* itself if it is self-signed, None if the signer is missing."""
        if signer_fits(cert, cert):
            return file, cert
        found = ((other, its) for other in self.near(file) for its in other.certs)
        return next((pair for pair in found if signer_fits(cert, pair[1])), None)

    def keys_of(self, file: PemFile, cert: x509.Certificate) -> list[PemFile]:
        """The files with the private key of *cert*."""
        return [other for other in self.near(file) if cert.public_key() in other.keys]

    def key_by_name(self, file: PemFile) -> PemFile | None:
        """The file that should hold the key of *file*, by its name."""
        names = key_names(file.path)
        return next((other for other in self.near(file) if other.path in names and other.has_key), None)

    def authorities_beside(self, file: PemFile) -> list[PemFile]:
        """The files of CAs in the directory of *file*."""
        return [
            other
            for other in self.files
            if other.path.parent == file.path.parent
            and other.certs
            and purpose(other, other.certs[0]) == "ca"
        ]


def signer_fits(cert: x509.Certificate, other: x509.Certificate) -> bool:
    """Whether *other* signed *cert*. cryptography does not check weak signatures; then names and key IDs decide."""
    if describe.hash_name(cert) not in describe.WEAK_HASHES:
        return signed_by(cert, other)
    ours, theirs = describe.authority_key_id(cert), describe.key_id(other)
    return cert.issuer == other.subject and (ours == theirs or not ours or not theirs)


def read_pem_directory(directory: Path) -> PemDirectory:
    """Read the PEM files in *directory* and two levels below. Raises OSError if it cannot be listed."""
    os.listdir(directory)  # os.walk ignores errors
    paths = list(_paths(directory))
    return PemDirectory(
        directory, tuple(read_pem(path) for path in paths[:MAX_FILES]), len(paths) > MAX_FILES
    )


def _paths(directory: Path) -> Iterator[Path]:
    for folder, below, files in os.walk(directory):
        deep = len(Path(folder).relative_to(directory).parts) >= MAX_DEPTH
        below[:] = [] if deep else sorted(name for name in below if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(files) if name.lower().endswith(SUFFIXES))


def key_names(cert: Path) -> list[Path]:
    """Possible names of the key of a certificate: key.pem, server-key.pem, NAME-key.pem, key-NAME.pem, NAME.key."""
    stem = cert.stem.removesuffix("-cert")
    if stem == "cert" or stem.startswith("cert-"):
        return [cert.with_name(stem.replace("cert", "key", 1) + cert.suffix)]
    return [cert.with_name(f"{stem}-key{cert.suffix}"), cert.with_name(f"{stem}.key")]


def purpose(file: PemFile, cert: x509.Certificate) -> Purpose:
    """The purpose of a certificate by its file name, else by its contents; "" if unknown."""
    if cert is not file.certs[0]:
        return "ca"  # certificates after the first are its chain
    for beginnings, its in _NAMES:
        if any(file.path.stem == word or file.path.stem.startswith(f"{word}-") for word in beginnings):
            return its
    if may_sign(cert):
        return "ca"
    usages = describe.usages(cert)
    if describe.SERVER in usages:
        return "server"
    return "client" if describe.CLIENT in usages else ""


_NAMES: tuple[tuple[tuple[str, ...], Purpose], ...] = (
    (("ca",), "ca"),
    (("server",), "server"),
    (("cert", "client"), "client"),
)
