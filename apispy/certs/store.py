"""The directory of apispy's certificates: made on first use, renewed before they expire, checked on every use.

Layout (the names of the client's files are docker's, so ``DOCKER_CERT_PATH=<directory>`` works at once):
``ca.pem ca-key.pem`` the CA, ``cert.pem key.pem`` the client, ``server.pem server-key.pem`` the listener.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from apispy import system
from apispy.certs.ca import Authority, Key, cert_pem, key_pem, new_authority, new_key
from apispy.certs.files import CERT_MODE, KEY_MODE, locked, make_directory, os_errors, write_file
from apispy.certs.issue import issue_client, issue_server, san, sans_of, signed_by, still_good
from apispy.certs.read import read_authority, read_cert, read_key
from apispy.errors import ApispyError
from apispy.structs import Struct

ALWAYS = ("localhost", "127.0.0.1", "::1")
LEAVES = ("cert.pem", "key.pem", "server.pem", "server-key.pem")

type Clock = Callable[[], datetime]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class ServerFiles(Struct, frozen=True):
    """The PEM files of a TLS listener: its certificate and key, and the CA that must sign client certificates."""

    cert: Path
    key: Path
    ca: Path


class Store(Struct, frozen=True):
    """An open directory of certificates, from ``open_store``."""

    directory: Path
    clock: Clock = _utc_now

    @property
    def ca(self) -> Path:
        """The CA's certificate, which clients trust and listeners require."""
        return self.directory / "ca.pem"

    @property
    def cert(self) -> Path:
        """The client's certificate."""
        return self.directory / "cert.pem"

    @property
    def key(self) -> Path:
        """The client's key, 0600."""
        return self.directory / "key.pem"

    def server_for(self, hosts: Sequence[str] = ()) -> ServerFiles:
        """A server certificate for localhost, 127.0.0.1, ::1 and ``hosts`` (names or IP addresses, no port).

        It is issued again if a name is missing, it expires within 7 days, or another CA signed it. Raises UsageError
        for a host that a certificate cannot have, and ApispyError for an unusable file.
        """
        files = ServerFiles(self.directory / "server.pem", self.directory / "server-key.pem", self.ca)
        wanted = {san(host) for host in (*ALWAYS, *hosts)}
        with _opened(self.directory):
            _ensure_server(files, self._authority(), wanted, self.clock())
        return files

    def _authority(self) -> Authority:
        return read_authority(self.ca, self.directory / "ca-key.pem", self.clock(), _cure(self.ca))


def open_store(directory: Path, *, clock: Clock = _utc_now) -> Store:
    """Open ``directory`` (made with mode 0700 if missing), with a CA and a client certificate valid for a week or more.

    ``clock`` returns the time as an aware UTC datetime. Raises ApispyError, which names the unusable file, what was
    expected and found, and what to do.
    """
    store = Store(directory.absolute(), clock)
    with os_errors(store.directory):
        make_directory(store.directory)
    with _opened(store.directory):
        ca_key = store.directory / "ca-key.pem"
        _ensure_authority(store.ca, ca_key, clock())
        _ensure_client(store, store._authority(), clock())
    return store


def default_dir(
    environ: Mapping[str, str] = os.environ, home: Path | None = None, platform: str = sys.platform
) -> Path:
    """The default of ``--certs-dir``, in the user's data directory."""
    return system.data_home(environ, home or Path.home(), platform) / "apispy/certs"


@contextmanager
def _opened(directory: Path) -> Iterator[None]:
    with os_errors(directory), locked(directory):
        yield


def _ensure_authority(cert_path: Path, key_path: Path, now: datetime) -> None:
    """Make the CA if there is none. An existing CA is never replaced, because clients have copies of it."""
    if key_path.exists():
        if not cert_path.exists():  # lost, or killed between the two files: made again from the key
            key = read_key(key_path, _cure(key_path))
            write_file(cert_path, cert_pem(new_authority(key, now).cert), CERT_MODE)
        return
    directory = key_path.parent
    if others := [p for n in (cert_path.name, *LEAVES) if (p := directory / n).exists()]:
        raise ApispyError(
            f"{key_path}: expected the key of the CA beside {others[0].name}, found no such file, and apispy "
            "does not overwrite the certificates of another CA. Put the key back, move the directory away so that a "
            "new CA is made, or name another directory with --certs-dir DIRECTORY."
        )
    key = new_key()
    write_file(key_path, key_pem(key), KEY_MODE)
    write_file(cert_path, cert_pem(new_authority(key, now).cert), CERT_MODE)


def _ensure_client(store: Store, ca: Authority, now: datetime) -> None:
    key = _ensure_key(store.key)
    present = read_cert(store.cert, _cure(store.cert)) if store.cert.exists() else None
    if present is None or not still_good(present, ca, key, now):
        write_file(store.cert, cert_pem(issue_client(ca, key, now)), CERT_MODE)


def _ensure_server(
    files: ServerFiles, ca: Authority, wanted: Iterable[x509.GeneralName], now: datetime
) -> None:
    key = _ensure_key(files.key)
    present = read_cert(files.cert, _cure(files.cert)) if files.cert.exists() else None
    # Earlier names are kept, so that listeners on different addresses do not replace each other's certificate.
    had = set(sans_of(present)) if present and signed_by(present, ca.cert) else set()
    if present is None or not still_good(present, ca, key, now) or not had.issuperset(wanted):
        write_file(files.cert, cert_pem(issue_server(ca, key, had.union(wanted), now)), CERT_MODE)


def _ensure_key(path: Path) -> Key:
    """The key at ``path``, made if it is missing.

    A key is kept when its certificate is renewed, so a process that reads both files meanwhile always gets a matching
    pair.
    """
    if not path.exists():
        write_file(path, key_pem(new_key()), KEY_MODE)
    return read_key(path, _cure(path))


def _cure(path: Path) -> str:
    """What to do about an unusable file."""
    if path.name.startswith("ca"):
        return (
            f"Put the right file back, or move {path.parent} away: at the next start apispy makes a new CA, "
            "and clients need its ca.pem, cert.pem and key.pem"
        )
    return f"Remove it (rm {path}): apispy issues it again"
