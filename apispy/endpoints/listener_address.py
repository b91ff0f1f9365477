"""The address that apispy listens on, as users type it, and its base path, which is the daemon's."""

import socket
from ipaddress import ip_address
from typing import Literal

from apispy import system
from apispy.endpoints.address import (
    LOCAL_KINDS,
    Endpoint,
    host_port,
    invalid_address,
    is_loopback,
    local_kind,
    local_path,
    port_number,
    split_url,
    url,
)
from apispy.errors import UsageError
from apispy.structs import Struct, replace

LOCAL_FORM = "unix:///path/to.sock" if system.has_unix_sockets() else "npipe:////./pipe/apispy"
LISTEN_FORMS = f"2377, 127.0.0.1:2377, [::1]:2377 or {LOCAL_FORM}"


class Listen(Struct, frozen=True):
    """A listener's address: tcp with host (IPv6 without brackets) and port (0: any free one); unix, npipe with path.

    ``base``: the base path ("/docker") that clients put before the paths of their requests; tcp only.
    ``group``: the group, by name or number, whose members may connect besides the owner; unix only.
    """

    kind: Literal["tcp", "unix", "npipe"]
    host: str
    port: int
    path: str
    base: str = ""
    group: str = ""

    def __str__(self) -> str:
        """A URL that can be pasted into DOCKER_HOST."""
        return url(self.kind, "", self.host, self.port if self.kind == "tcp" else None, self.path + self.base)

    @property
    def is_local(self) -> bool:
        """Whether it is a unix socket or a named pipe, which only this user (and administrators) can use."""
        return self.kind in LOCAL_KINDS

    @property
    def loopback(self) -> bool:
        """Whether only this machine can connect: a local socket, 127.0.0.0/8, ::1, or the name localhost."""
        return self.is_local or self.host.lower() == "localhost" or is_loopback(self.host)


def listen(text: str, group: str = "") -> Listen:
    """Parse ``2377`` (127.0.0.1:2377), ``HOST:PORT``, ``[::1]:PORT``, ``tcp://``, ``unix://``, ``/path``.

    Port 0 means any free port. *group*: see ``Listen``. UsageError says what is wrong and what to type.
    """
    text = text.strip()
    scheme, rest = split_url(text, LISTEN_FORMS)
    if scheme in LOCAL_KINDS:
        if group and local_kind() != "unix":
            raise UsageError(f"--listen-group {group}: Windows has no unix sockets, and {text} has no group")
        return Listen(local_kind(), "", 0, local_path(scheme, rest, text, LISTEN_FORMS), group=group)
    if group:
        raise UsageError(
            f"--listen-group {group}: {text} has no group; only a unix socket has one. Type --listen unix:///PATH"
        )
    if scheme != "tcp":
        expected = f"expected tcp or {local_kind()}"
        raise invalid_address(text, f"cannot listen on {scheme}://: {expected}", LISTEN_FORMS)
    if rest == text and rest.isascii() and rest.isdigit():
        return Listen("tcp", "127.0.0.1", port_number(rest, text, LISTEN_FORMS), "")
    host, port = host_port(rest.removesuffix("/"), text, LISTEN_FORMS)
    if port is None:
        raise invalid_address(text, "expected a port after the host, found none", LISTEN_FORMS)
    return Listen("tcp", host, port, "")


def certificate_hosts(where: Listen) -> list[str]:
    """Return the hosts for a listener's certificate, in addition to localhost, 127.0.0.1 and ::1.

    For 0.0.0.0 and :: these are the machine's name and its own addresses, as far as it knows them.
    """
    if where.is_local:
        return []
    try:
        if not ip_address(where.host).is_unspecified:
            return [where.host]
    except ValueError:
        return [where.host]
    return list(dict.fromkeys([socket.gethostname(), *_own_addresses()]))


def client_address(where: Listen) -> Listen:
    """Return the address by which clients reach *where*: for 0.0.0.0, this machine's name."""
    hosts = certificate_hosts(where)
    return replace(where, host=hosts[0]) if hosts else where


def with_base_of(where: Listen, daemon: Endpoint | None) -> Listen:
    """Return *where* with the base path of *daemon*: requests are forwarded unchanged, so clients must send it.

    UsageError for a local socket: in DOCKER_HOST its address cannot have a base path.
    """
    base = daemon.path if daemon is not None and daemon.kind == "tcp" else ""
    if base and where.is_local:
        kind = "unix socket" if where.kind == "unix" else "named pipe"
        raise UsageError(
            f"{daemon} has a base path, {base}, and docker cannot use one with a {kind} such as {where}. Let "
            "apispy listen on TCP: type --listen 2377."
        )
    return replace(where, base=base)


def _own_addresses() -> list[str]:
    """Return the source addresses of this machine's default routes; connecting a UDP socket sends nothing."""
    found = []
    for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((address, 9))
                found.append(str(probe.getsockname()[0]))
        except OSError:
            pass  # no route, or no IPv6
    return found
