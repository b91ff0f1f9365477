"""A daemon's address, and the pieces that every address is read with."""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from apispy.errors import UsageError

type Kind = Literal["tcp", "unix", "ssh"]

UPSTREAM_FORMS = "host:2376, tcp://host:2375, unix:///var/run/docker.sock or ssh://user@host"
_ELSEWHERE = {
    "npipe": "named pipes are Windows only; give the daemon a TCP address and type tcp://host:2375",
    "fd": "that is a daemon's own way to take over a socket; type the socket's path, unix:///var/run/docker.sock",
}
_SCHEME_TLS = {"tcp": None, "http": False, "https": True}


@dataclass(frozen=True)
class TLS:
    """How to speak TLS to a daemon. Paths are absolute or relative to the working directory; all files PEM.

    ``verify`` off accepts any certificate. ``ca`` is the only root that counts when ``verify`` is on; None
    means the system's roots. ``cert`` and ``key`` are both set or both None (no client certificate).
    """

    verify: bool
    ca: Path | None
    cert: Path | None
    key: Path | None


@dataclass(frozen=True)
class Endpoint:
    """A daemon's address. What a kind does not use is empty, 0 or None.

    tcp: host (IPv6 without brackets), port, tls. unix: path. ssh: host, port and user (0 and empty: as ssh is
    configured), path (of the socket on that machine; empty: what docker uses there).
    """

    kind: Kind
    host: str
    port: int
    path: str
    user: str
    tls: TLS | None

    def __str__(self) -> str:
        """A URL that can be pasted after ``--upstream`` or into DOCKER_HOST."""
        user = f"{self.user}@" if self.user else ""
        return url(self.kind, user, self.host, self.port, self.path)


def url(kind: Kind, user: str, host: str, port: int | None, path: str) -> str:
    """The address as a URL; ``port`` 0 shows for tcp only (any free one), None never."""
    if kind == "unix":
        return f"unix://{path}"
    colon_port = f":{port}" if port or (kind == "tcp" and port is not None) else ""
    return f"{kind}://{user}{bracketed(host)}{colon_port}{path}"


def bracketed(host: str) -> str:
    """The host as it stands in a URL: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def split_url(text: str) -> tuple[str, str]:
    """(scheme in lower case, rest); a text without ``://`` is a unix path or tcp."""
    scheme, separator, rest = text.partition("://")
    if separator:
        return scheme.lower(), rest
    return ("unix", text) if text.startswith("/") else ("tcp", text)


def host_port(rest: str, text: str, forms: str) -> tuple[str, int | None]:
    """Split ``host``, ``host:port``, ``[v6]`` or ``[v6]:port``. ``text`` is for the message."""
    if rest.startswith("["):
        host, closing, after = rest[1:].partition("]")
        if not closing or not (after == "" or after.startswith(":")) or not _is_ipv6(host):
            raise refused(text, "expected an IPv6 address in brackets, like [::1]:2376", forms)
        colon, port = after[:1], after[1:]
    else:
        host, colon, port = rest.partition(":")
        if ":" in port:
            raise refused(text, "an IPv6 address needs brackets, like [::1]:2376", forms)
    if not host:
        raise refused(text, "expected a host name or an IP address, found none", forms)
    if any(c.isspace() or c in "@?#" for c in host) or not host.isprintable():
        raise refused(text, f"expected a host name or an IP address, found {host!r}", forms)
    return host, port_number(port, text, forms) if colon else None


def port_number(digits: str, text: str, forms: str) -> int:
    """A port, 0 to 65535."""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 5 and int(digits) <= 65535):
        raise refused(text, f"expected a port from 0 to 65535, found {digits!r}", forms)
    return int(digits)


def refused(text: str, problem: str, forms: str) -> UsageError:
    """The error for an address that cannot be used: what was typed, what is wrong, what to type."""
    return UsageError(f"Address {text!r}: {problem}. Type for example {forms}.")


def unix_path(rest: str, text: str, forms: str) -> str:
    """The absolute path of a socket."""
    if not rest.startswith("/"):
        raise refused(text, f"expected an absolute path, found {rest!r} (note the three slashes)", forms)
    if rest.endswith("/") or not rest.isprintable():  # what is shown of it must not drive the terminal
        raise refused(text, f"expected the path of a socket, found {rest!r}", forms)
    return rest


def unknown_scheme(scheme: str, text: str, forms: str) -> UsageError:
    """The error for a scheme that leads nowhere from here."""
    problem = _ELSEWHERE.get(scheme, "expected tcp, unix, ssh, http or https")
    return refused(text, f"{scheme}:// cannot be used: {problem}", forms)


def daemon_address(text: str) -> tuple[Endpoint, bool | None]:
    """(endpoint without TLS, port 0 if none was given; what the scheme says about TLS or None)."""
    scheme, rest = split_url(text)
    if scheme == "unix":
        return Endpoint("unix", "", 0, unix_path(rest, text, UPSTREAM_FORMS), "", None), None
    if scheme == "ssh":
        return ssh_parts(rest, text), None
    if scheme not in _SCHEME_TLS:
        raise unknown_scheme(scheme, text, UPSTREAM_FORMS)
    address, slash, base = rest.partition("/")
    if base:
        raise refused(
            text,
            f"a base path ({slash}{base}) cannot be used, apispy forwards paths as they are",
            UPSTREAM_FORMS,
        )
    host, port = host_port(address, text, UPSTREAM_FORMS)
    if port == 0:
        raise refused(text, "expected a port from 1 to 65535, found 0", UPSTREAM_FORMS)
    return Endpoint("tcp", host, port or 0, "", "", None), _SCHEME_TLS[scheme]


def ssh_parts(rest: str, text: str) -> Endpoint:
    """``[user@]host[:port][/path-to-socket]``, as the docker CLI reads it (docker/cli, commandconn/ssh)."""
    address, slash, path = rest.partition("/")
    user, at, where = address.rpartition("@")
    if at and not user:
        raise refused(text, "expected a user name before @, found none", UPSTREAM_FORMS)
    if not unquote(rest).isprintable():
        raise refused(text, "control characters cannot stand in an ssh address", UPSTREAM_FORMS)
    if ":" in user:
        raise refused(text, "a password cannot stand in an ssh address; use a key", UPSTREAM_FORMS)
    if "?" in rest or "#" in rest:
        raise refused(text, "an ssh address has no query and no fragment", UPSTREAM_FORMS)
    host, port = host_port(where, text, UPSTREAM_FORMS)
    if port == 0:
        raise refused(text, "expected a port from 1 to 65535, found 0", UPSTREAM_FORMS)
    return Endpoint("ssh", host, port or 0, unquote(slash + path) if path else "", unquote(user), None)


def _is_ipv6(host: str) -> bool:
    try:
        return ip_address(host).version == 6
    except ValueError:
        return False
