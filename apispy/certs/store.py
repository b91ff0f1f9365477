"""The directory of certificates: made on first use, renewed in time, checked every time.

Layout (the client's three names are docker's, so ``DOCKER_CERT_PATH=<directory>`` works straight away):
``ca.pem ca-key.pem`` the CA, ``cert.pem key.pem`` the client, ``server.pem server-key.pem`` the listener.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from apispy.certs.ca import Authority, Key, cert_pem, key_pem, new_authority, new_key
from apispy.certs.files import CERT_MODE, KEY_MODE, locked, make_directory, os_errors, write_file
from apispy.certs.issue import issue_client, issue_server, san, sans_of, signed_by, still_good
from apispy.certs.read import read_authority, read_cert, read_key
from apispy.errors import ApispyError

ALWAYS = ("localhost", "127.0.0.1", "::1")
LEAVES = ("cert.pem", "key.pem", "server.pem", "server-key.pem")

type Clock = Callable[[], datetime]


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class ServerFiles:
    """What a TLS listener loads, all PEM: its certificate and key, and the CA that clients must come from."""

    cert: Path
    key: Path
    ca: Path


@dataclass(frozen=True)
class Store:
    """An open directory of certificates; get one from ``open_store``."""

    directory: Path
    clock: Clock = _utc_now

    @property
    def ca(self) -> Path:
        """The CA's certificate; what clients trust and listeners demand."""
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

        Issued anew when a name is missing, it ends within 7 days, or the present CA did not sign it.
        UsageError for a host that cannot stand in a certificate; ApispyError for a file that cannot be used.
        """
        files = ServerFiles(self.directory / "server.pem", self.directory / "server-key.pem", self.ca)
        wanted = {san(host) for host in (*ALWAYS, *hosts)}
        with _opened(self.directory):
            _ensure_server(files, self._authority(), wanted, self.clock())
        return files

    def _authority(self) -> Authority:
        return read_authority(self.ca, self.directory / "ca-key.pem", self.clock(), _cure(self.ca))


def open_store(directory: Path, *, clock: Clock = _utc_now) -> Store:
    """Open ``directory`` (made if need be, 0700), with a CA and a client certificate that is good for a week.

    ``clock`` gives the time as an aware UTC datetime. ApispyError names the file that cannot be used, what
    was expected and found, and what to do.
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
    """Where certificates live unless ``--certs-dir`` says otherwise: the user's data directory."""
    home = home or Path.home()
    if (data := environ.get("XDG_DATA_HOME", "")).startswith("/"):  # the specification: ignore a relative one
        return Path(data, "apispy", "certs")
    data_home = "Library/Application Support" if platform == "darwin" else ".local/share"
    return home / data_home / "apispy" / "certs"


@contextmanager
def _opened(directory: Path) -> Iterator[None]:
    with os_errors(directory), locked(directory):
        yield


def _ensure_authority(cert_path: Path, key_path: Path, now: datetime) -> None:
    """Make the CA when there is none; never replace what is there, for clients have copies of it."""
    if key_path.exists():
        if not cert_path.exists():  # killed between the two files, or lost: the key alone gives it back
            key = read_key(key_path, _cure(key_path))
            write_file(cert_path, cert_pem(new_authority(key, now).cert), CERT_MODE)
        return
    directory = key_path.parent
    if others := [p for n in (cert_path.name, *LEAVES) if (p := directory / n).exists()]:
        raise ApispyError(
            f"{key_path}: expected the key of the CA beside {others[0].name}, found no such file, and apispy "
            "does not write over certificates of others. Put the key back, move the directory away so that a "
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
    # Names once asked for are kept: two listeners on different addresses would otherwise take turns at it.
    had = set(sans_of(present)) if present and signed_by(present, ca.cert) else set()
    if present is None or not still_good(present, ca, key, now) or not had.issuperset(wanted):
        write_file(files.cert, cert_pem(issue_server(ca, key, had.union(wanted), now)), CERT_MODE)


def _ensure_key(path: Path) -> Key:
    """The key at ``path``, made if need be.

    It outlives its certificates: renewing then changes one file only, and a process that reads both files
    meanwhile never gets two that do not match.
    """
    if not path.exists():
        write_file(path, key_pem(new_key()), KEY_MODE)
    return read_key(path, _cure(path))


def _cure(path: Path) -> str:
    """What to do about a file that cannot be used."""
    if path.name.startswith("ca"):
        return (
            f"Put the right file back, or move {path.parent} away: at the next start apispy makes a new CA, "
            "and clients need its ca.pem, cert.pem and key.pem"
        )
    return f"Remove it (rm {path}): apispy issues it anew"
