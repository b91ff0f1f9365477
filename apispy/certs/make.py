"""Makes the certificates of `apispy certs`: a CA (or an existing one), a daemon's and clients' certificates."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from apispy.certs.atomic_write import PendingFile, refuse_present, write_all_or_none
from apispy.certs.ca import (
    BACKDATE,
    CA_LIFE,
    Algorithm,
    Authority,
    Key,
    cert_pem,
    key_pem,
    new_authority,
    new_key,
)
from apispy.certs.files import CERT_MODE, KEY_MODE, os_errors
from apispy.certs.issue import issue_client, issue_server, san
from apispy.certs.layout import LAYOUTS, Layout, Role
from apispy.certs.read import read_authority
from apispy.errors import UsageError
from apispy.structs import Struct, field

DAYS = 823  # from now; with the two days before now, the 825 days that macOS accepts (issue.py)
MAX_DAYS = 36500
ALWAYS = ("localhost", "127.0.0.1", "::1")  # for clients on the daemon's machine, and through an ssh tunnel
MAX_NAME_LENGTH = 64  # characters in a common name (RFC 5280, appendix A: ub-common-name)


class Order(Struct, frozen=True):
    """The certificates to make.

    ``hosts``: the daemon's names and addresses, without port, best first; empty for no daemon. ``clients``: each gets
    a directory ``out/NAME`` that can be a DOCKER_CERT_PATH. ``ca``: a directory with the CA that signs; None for a new
    CA, or without ``hosts`` the CA in ``out``. ``days``: validity from now, 1 to MAX_DAYS.
    """

    out: Path
    hosts: Sequence[str] = ()
    clients: Sequence[str] = ()
    layout: Layout = "article"
    days: int = DAYS
    algorithm: Algorithm = "ecdsa"
    ca: Path | None = None
    force: bool = False
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


class Part(Struct, frozen=True):
    """A file and its role. ``client``: the additional client that it belongs to; "" for the daemon's own set."""

    path: Path
    role: Role
    client: str = ""


class Made(Struct, frozen=True):
    """The files made under ``out``. ``hosts``: the daemon's names, best first; ``ca``: the CA's certificate."""

    out: Path
    hosts: tuple[str, ...]
    ca: Path
    parts: tuple[Part, ...]

    def path(self, role: Role) -> Path:
        """The file with this role in the daemon's own set; in a machine's layout, the machine's copy."""
        return next((p.path for p in reversed(self.parts) if (p.role, p.client) == (role, "")), self.ca)


def make(order: Order) -> Made:
    """Write the files of *order*: all or none; keys with mode 0600, new directories with 0700.

    Raises UsageError for a name that a certificate cannot have, and ApispyError for existing files (unless ``force``),
    an unusable CA and operating-system errors.
    """
    sans = [san(host) for host in order.hosts]
    for name in order.clients:
        _check_client(name)
    with os_errors(order.out, "--out"):
        parts = list(_parts(order, sans))
        if not order.force:
            refuse_present([part.path for part in parts])  # first, because making keys may take a second
        contents = _Contents(order, _authority(order), sans)
        files = [PendingFile(part.path, contents.of(part), _mode(part.role)) for part in parts]
        write_all_or_none(files, force=order.force)
    ca = _home(_brought(order) or order.out).absolute() / "ca.pem"
    return Made(order.out.absolute(), tuple(str(name.value) for name in sans), ca, tuple(parts))


def _parts(order: Order, sans: Sequence[x509.GeneralName]) -> Iterator[Part]:
    out = order.out.absolute()
    if sans:
        for role, names in LAYOUTS[order.layout].items():
            for name in names:
                path = out / name.format(host=sans[0].value)
                if not _is_there_already(order, path, role):
                    yield Part(path, role)
    for client in dict.fromkeys(order.clients):
        for role in ("ca", "cert", "key"):
            yield Part(out / client / f"{role}.pem", role, client)


def _is_there_already(order: Order, path: Path, role: Role) -> bool:
    """Whether a file of an existing CA is left where it is: its key, and a certificate that would replace itself."""
    if order.ca is None:
        return False
    return role == "ca-key" or (role == "ca" and path.resolve() == (_home(order.ca) / "ca.pem").resolve())


class _Contents:
    """The contents of the files. Each owner has one key and one certificate, in one or more places."""

    def __init__(self, order: Order, ca: Authority, sans: Sequence[x509.GeneralName]) -> None:
        self._order, self._ca, self._sans = order, ca, sans
        self._made: dict[str, tuple[Key, x509.Certificate]] = {}

    def of(self, part: Part) -> bytes:
        role, client = part.role, part.client
        if role in ("ca", "ca-key"):
            pair = self._ca.key, self._ca.cert
        elif role in ("server", "server-key"):
            pair = self._once("server", self._server)
        else:
            pair = self._once(f"client {client}", lambda key: self._client(key, client))
        return key_pem(pair[0]) if role.endswith("key") else cert_pem(pair[1])

    def _once(self, owner: str, issue: Callable[[Key], x509.Certificate]) -> tuple[Key, x509.Certificate]:
        if owner not in self._made:
            key = new_key(self._order.algorithm)
            self._made[owner] = key, issue(key)
        return self._made[owner]

    def _server(self, key: Key) -> x509.Certificate:
        first = str(self._sans[0].value)
        name = first if len(first) <= MAX_NAME_LENGTH else "docker daemon"
        sans = {*self._sans, *map(san, ALWAYS)}
        return issue_server(self._ca, key, sans, self._order.now, common_name=name, end=_end(self._order))

    def _client(self, key: Key, client: str) -> x509.Certificate:
        name = client or "client"
        return issue_client(self._ca, key, self._order.now, common_name=name, end=_end(self._order))


def _end(order: Order) -> datetime:
    return order.now + timedelta(days=order.days)


def _authority(order: Order) -> Authority:
    """The CA that signs: the named one, or a new one that is valid at least as long as its leaf certificates."""
    brought = _brought(order)
    if brought is None:
        end = max(_end(order), order.now - BACKDATE + CA_LIFE)
        return new_authority(new_key(order.algorithm), order.now, end)
    home = _home(brought)
    for name in ("ca.pem", "ca-key.pem"):
        if not (home / name).exists():
            raise UsageError(
                f"{brought}: expected a CA (ca.pem and ca-key.pem, there or in certs/), found no {name}. Type "
                "--ca DIR with the directory that holds both, or make a new CA with --host NAME --out DIR."
            )
    remedy = "Type --ca DIR with another CA, or leave --ca out and type --host NAME: then a new one is made"
    return read_authority(home / "ca.pem", home / "ca-key.pem", order.now, remedy)


def _brought(order: Order) -> Path | None:
    """The directory of an existing CA; an additional client is signed by the CA of its directory."""
    return order.ca or (None if order.hosts else order.out)


def _home(directory: Path) -> Path:
    """The directory of the CA within *directory*: docker-machine has it in ``certs``."""
    inner = directory / "certs"
    return inner if (inner / "ca-key.pem").exists() and not (directory / "ca-key.pem").exists() else directory


def _check_client(name: str) -> None:
    """Check a client name, which becomes a directory and a common name."""
    if len(name) > MAX_NAME_LENGTH or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@-]*", name):
        raise UsageError(
            f"--client {name!r}: expected a name of letters, digits and . _ @ -, that begins with a letter or a "
            f"digit and has at most {MAX_NAME_LENGTH} characters. Type for example --client alice."
        )


def _mode(role: Role) -> int:
    return KEY_MODE if role.endswith("key") else CERT_MODE
