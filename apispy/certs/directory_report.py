"""A readable account of a directory of certificates: what is in each file, and what is wrong with it.

Text from the files is as it stands there: escape the lines before they are shown.
"""

import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from apispy.certs import describe
from apispy.certs.files import os_errors
from apispy.certs.pem import PemFile
from apispy.certs.pem_directory import MOST_FILES, PemDirectory, purpose, read_pem_directory
from apispy.certs.problems import CertificateContext, Problem, problems_of_cert, problems_of_file

_TITLES = {
    "ca": "certificate of a CA",
    "server": "certificate of a server",
    "client": "certificate of a client",
    "": "certificate",
}


@dataclass(frozen=True)
class FileReport:
    """A file: its name under the directory and its mode, what it holds line by line, and what is wrong."""

    name: str
    facts: tuple[str, ...]
    faults: tuple[Problem, ...]


@dataclass(frozen=True)
class DirectoryReport:
    """``good``: nothing is wrong but what is marked as advice."""

    title: str
    entries: tuple[FileReport, ...]

    @property
    def good(self) -> bool:
        return all(fault.advice for entry in self.entries for fault in entry.faults)

    def lines(self) -> Iterator[str]:
        """The whole, line by line, not escaped."""
        yield self.title
        for entry in self.entries:
            yield f"{entry.name}:"
            yield from (f"  {fact}" for fact in entry.facts)
            for fault in entry.faults:
                yield f"  {'advice' if fault.advice else 'PROBLEM'}: {fault.what}. {fault.cure}."
        faults = [fault for entry in self.entries for fault in entry.faults if not fault.advice]
        yield f"{len(faults)} problem{'s' * (len(faults) != 1)}." if faults else "No problems."


def report_on_directory(directory: Path, now: datetime | None = None) -> DirectoryReport:
    """Read *directory* (and two levels below). ``now`` is aware, UTC; None: the clock's.

    Whatever is in the files becomes a part of the account; ApispyError only when the directory cannot be listed.
    """
    now = now or datetime.now(UTC)
    with os_errors(directory, "--show"):
        shelf = read_pem_directory(directory.absolute())
        mode = stat.S_IMODE(directory.stat().st_mode)
    entries = [_entry(shelf, file, now) for file in shelf.files]
    if faults := tuple(_directory_faults(shelf, mode)):
        entries.insert(0, FileReport(str(shelf.directory), (), faults))
    return DirectoryReport(f"{shelf.directory} (mode {mode:04o})", tuple(entries))


def _directory_faults(shelf: PemDirectory, mode: int) -> Iterator[Problem]:
    if not shelf.files:
        yield Problem(
            "holds no certificates (files that end in .pem, .crt, .cer, .cert or .key)", "Name another one"
        )
    if shelf.left_out:
        yield Problem(
            f"holds more than {MOST_FILES} such files; the rest is left out", "Name a smaller directory"
        )
    if mode & 0o022 and not mode & stat.S_ISVTX:
        yield Problem(f"can be changed by others (mode {mode:04o})", f"chmod 700 {shelf.directory}")


def _entry(shelf: PemDirectory, file: PemFile, now: datetime) -> FileReport:
    facts: list[str] = []
    faults: list[Problem] = []
    for cert in file.certs:
        case = CertificateContext(shelf, file, cert, now)
        facts += _facts(case)
        faults += problems_of_cert(case)
    facts += _key_facts(shelf, file)
    facts += [f"also: {label.lower()}" for label in file.others]
    faults += problems_of_file(shelf, file)
    name = f"{shelf.name(file)} (mode {file.mode:04o})"
    return FileReport(name, tuple(facts), tuple(faults))


def _facts(case: CertificateContext) -> Iterator[str]:
    cert = case.cert
    yield f"{_TITLES[purpose(case.file, cert)]}: {describe.subject(cert.subject)}"
    yield f"signed by {_signer(case)}"
    if names := describe.names(cert):
        yield f"for {', '.join(names)}"
    if usages := describe.usages(cert):
        yield f"usage {', '.join(usages)}"
    yield f"valid {describe.period(cert, case.now)}"
    hashed = f", signed with {describe.hash_name(cert)}" if describe.hash_name(cert) else ""
    yield f"key {describe.key_words(cert.public_key())}{_whereabouts(case)}{hashed}"


def _signer(case: CertificateContext) -> str:
    found = case.shelf.issuer(case.file, case.cert)
    if found is None:
        return f"{describe.subject(case.cert.issuer)}, which is not here"
    if found[1] is case.cert:
        return "itself"
    return f"{case.shelf.name(found[0])} ({describe.subject(found[1].subject)})"


def _whereabouts(case: CertificateContext) -> str:
    keys = case.shelf.keys_of(case.file, case.cert)
    return f", which is in {case.shelf.name(keys[0])}" if keys else ""


def _key_facts(shelf: PemDirectory, file: PemFile) -> Iterator[str]:
    for key in file.keys:
        owners = [other for other in shelf.near(file) if _has_cert_for(other.certs, key)]
        whose = f"of {shelf.name(owners[0])}" if owners else "of no certificate here"
        yield f"private key {describe.key_words(key)}, {whose}"
    if file.encrypted:
        yield "private key with a passphrase"


def _has_cert_for(certs: Sequence[x509.Certificate], key: object) -> bool:
    return any(cert.public_key() == key for cert in certs)
