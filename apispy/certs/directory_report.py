"""Describes a directory of certificates: the contents of each file, and its problems.

Text from the files is unescaped: escape the lines before you show them.
"""

import stat
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from apispy import system
from apispy.certs import describe
from apispy.certs.files import os_errors
from apispy.certs.pem import PemFile
from apispy.certs.pem_directory import MAX_FILES, PemDirectory, purpose, read_pem_directory
from apispy.certs.problems import CertificateContext, Problem, problems_of_cert, problems_of_file
from apispy.structs import Struct

_TITLES = {
    "ca": "certificate of a CA",
    "server": "certificate of a server",
    "client": "certificate of a client",
    "": "certificate",
}


class FileReport(Struct, frozen=True):
    """A file: its name and mode, lines that describe its contents, and its problems."""

    name: str
    facts: tuple[str, ...]
    problems: tuple[Problem, ...]


class DirectoryReport(Struct, frozen=True):
    """The report. ``good``: there are no problems except advice."""

    title: str
    entries: tuple[FileReport, ...]

    @property
    def good(self) -> bool:
        return all(problem.advice for entry in self.entries for problem in entry.problems)

    def lines(self) -> Iterator[str]:
        """The lines of the report, unescaped."""
        yield self.title
        for entry in self.entries:
            yield f"{entry.name}:"
            yield from (f"  {fact}" for fact in entry.facts)
            for problem in entry.problems:
                yield f"  {'advice' if problem.advice else 'PROBLEM'}: {problem.what}. {problem.remedy}."
        problems = [problem for entry in self.entries for problem in entry.problems if not problem.advice]
        yield f"{len(problems)} problem{'s' * (len(problems) != 1)}." if problems else "No problems."


def report_on_directory(directory: Path, now: datetime | None = None) -> DirectoryReport:
    """Report on *directory* and two levels below. *now*: an aware UTC time; None for the present time.

    Unreadable files become part of the report. Raises ApispyError only if the directory cannot be listed.
    """
    now = now or datetime.now(UTC)
    with os_errors(directory, "--show"):
        directory_files = read_pem_directory(directory.absolute())
        mode = system.mode_bits(directory.stat().st_mode)
    entries = [_entry(directory_files, file, now) for file in directory_files.files]
    if problems := tuple(_directory_faults(directory_files, mode)):
        entries.insert(0, FileReport(str(directory_files.directory), (), problems))
    return DirectoryReport(f"{directory_files.directory} (mode {mode:04o})", tuple(entries))


def _directory_faults(directory_files: PemDirectory, mode: int) -> Iterator[Problem]:
    if not directory_files.files:
        yield Problem(
            "has no certificates (files that end in .pem, .crt, .cer, .cert or .key)",
            "Name another directory",
        )
    if directory_files.truncated:
        yield Problem(
            f"has more than {MAX_FILES} such files; the rest is not examined", "Name a smaller directory"
        )
    if mode & 0o022 and not mode & stat.S_ISVTX:
        yield Problem(
            f"can be changed by other users (mode {mode:04o})", f"chmod 700 {directory_files.directory}"
        )


def _entry(directory_files: PemDirectory, file: PemFile, now: datetime) -> FileReport:
    facts: list[str] = []
    problems: list[Problem] = []
    for cert in file.certs:
        context = CertificateContext(directory_files, file, cert, now)
        facts += _facts(context)
        problems += problems_of_cert(context)
    facts += _key_facts(directory_files, file)
    facts += [f"also: {label.lower()}" for label in file.others]
    problems += problems_of_file(directory_files, file)
    name = f"{directory_files.name(file)} (mode {file.mode:04o})"
    return FileReport(name, tuple(facts), tuple(problems))


def _facts(context: CertificateContext) -> Iterator[str]:
    cert = context.cert
    yield f"{_TITLES[purpose(context.file, cert)]}: {describe.subject(cert.subject)}"
    yield f"signed by {_signer(context)}"
    if names := describe.names(cert):
        yield f"for {', '.join(names)}"
    if usages := describe.usages(cert):
        yield f"usage {', '.join(usages)}"
    yield f"valid {describe.period(cert, context.now)}"
    hashed = f", signed with {describe.hash_name(cert)}" if describe.hash_name(cert) else ""
    yield f"key {describe.key_words(cert.public_key())}{_key_location(context)}{hashed}"


def _signer(context: CertificateContext) -> str:
    found = context.directory_files.issuer(context.file, context.cert)
    if found is None:
        return f"{describe.subject(context.cert.issuer)}, which is not in this directory"
    if found[1] is context.cert:
        return "itself"
    return f"{context.directory_files.name(found[0])} ({describe.subject(found[1].subject)})"


def _key_location(context: CertificateContext) -> str:
    keys = context.directory_files.keys_of(context.file, context.cert)
    return f", which is in {context.directory_files.name(keys[0])}" if keys else ""


def _key_facts(directory_files: PemDirectory, file: PemFile) -> Iterator[str]:
    for key in file.keys:
        owners = [other for other in directory_files.near(file) if _has_cert_for(other.certs, key)]
        whose = f"of {directory_files.name(owners[0])}" if owners else "of no certificate in this directory"
        yield f"private key {describe.key_words(key)}, {whose}"
    if file.encrypted:
        yield "private key with a passphrase"


def _has_cert_for(certs: Sequence[x509.Certificate], key: object) -> bool:
    return any(cert.public_key() == key for cert in certs)
