"""A daemon's address, and the parsing that daemon and listener addresses share."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from apispy import system
from apispy.errors import UsageError
from apispy.structs import Struct

type Kind = Literal["tcp", "unix", "npipe", "ssh"]

UPSTREAM_FORMS = f"host:2376, tcp://host:2375, {system.default_daemon()} or ssh://user@host"
_UNSUPPORTED_SCHEMES = {
    "npipe": "named pipes exist on Windows only; give the daemon a TCP address and type tcp://host:2375",
    "unix": f"Python has no unix sockets on Windows; type {system.default_daemon()}, or tcp://host:2375",
    "fd": "only a daemon can use it, for socket activation; type the socket's path, unix:///var/run/docker.sock",
}
_ONE_SLASH = re.compile(r"(unix|npipe|tcp|ssh|https?):/", re.IGNORECASE)
_PIPE = re.compile(r"//\./pipe/[^/]+", re.IGNORECASE)
_PASSWORD = re.compile(r"(?<=:)[^\s/:@'\"]+(?=@)")
"""The password in an address: messages are copied into reports of bugs."""

LOCAL_KINDS = ("unix", "npipe")
_SCHEME_TLS = {"tcp": None, "http": False, "https": True}


def is_loopback(host: str) -> bool:
    """Whether *host* is an address of this machine's loopback; a name is not, because it may resolve to anything."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class TLS(Struct, frozen=True):
    """TLS settings for a daemon. Paths are absolute or relative to the working directory; all files are PEM.

    Without ``verify``, any certificate is accepted. ``ca`` is the only trusted root when ``verify`` is on; None
    means the system's roots. ``cert`` and ``key`` are both set or both None (no client certificate).
    """

    verify: bool
    ca: Path | None
    cert: Path | None
    key: Path | None


class Endpoint(Struct, frozen=True):
    """A daemon's address. Fields that a kind does not use are empty, 0 or None.

    tcp: host (IPv6 without brackets), port, path (the base path, "/docker"; empty: none), tls. unix: path. npipe: path
    of a named pipe, with slashes ("//./pipe/docker_engine"). ssh: host, port and user (0 and empty: from ssh's
    configuration), path (of the socket on the remote machine; empty: docker's default there).
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
    """Format an address as a URL; ``port`` 0 (any free port) appears for tcp only, None never."""
    if kind in LOCAL_KINDS:
        return f"{kind}://{path}"
    colon_port = f":{port}" if port or (kind == "tcp" and port is not None) else ""
    return f"{kind}://{user}{bracketed(host)}{colon_port}{path}"


def bracketed(host: str) -> str:
    """Return the host as URLs spell it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def split_url(text: str, forms: str) -> tuple[str, str]:
    """Split into (scheme in lower case, rest); a text without ``://`` is a path of a socket or a pipe, or tcp.

    UsageError for a scheme with one slash; its message quotes *forms*.
    """
    scheme, separator, rest = text.partition("://")
    if separator:
        return scheme.lower(), rest
    if found := _ONE_SLASH.match(text):
        scheme, rest = found[1].lower(), text[found.end() :]
        wanted = f"unix:///{rest}" if scheme == "unix" else f"{scheme}://{rest}"
        raise invalid_address(text, f"expected :// after {scheme}, found :/; did you mean {wanted}?", forms)
    if text.replace("\\", "/").lower().startswith("//./pipe/"):
        return "npipe", text
    return ("unix", text) if text.startswith("/") else ("tcp", text)


def host_port(rest: str, text: str, forms: str) -> tuple[str, int | None]:
    """Split ``host``, ``host:port``, ``[v6]`` or ``[v6]:port``. Error messages quote ``text`` and ``forms``."""
    if rest.startswith("["):
        host, closing, after = rest[1:].partition("]")
        if not closing or not (after == "" or after.startswith(":")) or not _is_ipv6(host):
            raise invalid_address(text, "expected an IPv6 address in brackets, like [::1]:2376", forms)
        colon, port = after[:1], after[1:]
    else:
        host, colon, port = rest.partition(":")
        if ":" in port:
            raise invalid_address(text, "an IPv6 address needs brackets, like [::1]:2376", forms)
    if not host:
        raise invalid_address(text, "expected a host name or an IP address, found none", forms)
    if any(c.isspace() or c in "@?#" for c in host) or not host.isprintable():
        raise invalid_address(text, f"expected a host name or an IP address, found {host!r}", forms)
    return host, port_number(port, text, forms) if colon else None


def port_number(digits: str, text: str, forms: str) -> int:
    """Parse a port, 0 to 65535."""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 5 and int(digits) <= 65535):
        raise invalid_address(text, f"expected a port from 0 to 65535, found {digits!r}", forms)
    return int(digits)


def invalid_address(text: str, problem: str, forms: str) -> UsageError:
    """Return the error for an unusable address: what was typed, what is wrong, what to type."""
    stop = "" if problem.endswith("?") else "."
    message = f"Address {text!r}: {problem}{stop} Type for example {forms}."
    found = _PASSWORD.search(text)
    return UsageError(message.replace(f"{found[0]}@", "***@") if found else message)


def unix_path(rest: str, text: str, forms: str) -> str:
    """Check the absolute path of a socket and return it."""
    if not rest.startswith("/"):
        raise invalid_address(
            text, f"expected an absolute path, found {rest!r} (note the three slashes)", forms
        )
    if rest.endswith("/") or not rest.isprintable():  # messages show it, and it must not control the terminal
        raise invalid_address(text, f"expected the path of a socket, found {rest!r}", forms)
    return rest


def pipe_path(rest: str, text: str, forms: str) -> str:
    """Check the path of a named pipe of this machine and return it with slashes: //./pipe/docker_engine."""
    path = rest.replace("\\", "/")
    if not _PIPE.fullmatch(path) or not path.isprintable():
        raise invalid_address(
            text, f"expected the path of a named pipe such as //./pipe/docker_engine, found {rest!r}", forms
        )
    return path


def local_path(scheme: str, rest: str, text: str, forms: str) -> str:
    """Check the path of a unix socket or named pipe, whichever this system has. UsageError for the other."""
    if scheme != local_kind():
        raise unknown_scheme(scheme, text, forms)
    return unix_path(rest, text, forms) if scheme == "unix" else pipe_path(rest, text, forms)


def local_kind() -> Literal["unix", "npipe"]:
    """Return the kind of address by which programs on this machine connect to each other, without a port."""
    return "unix" if system.has_unix_sockets() else "npipe"


def unknown_scheme(scheme: str, text: str, forms: str) -> UsageError:
    """Return the error for a scheme that apispy cannot connect to."""
    expected = f"expected tcp, {local_kind()}, ssh, http or https"
    problem = _UNSUPPORTED_SCHEMES.get(scheme, expected)
    return invalid_address(text, f"{scheme}:// cannot be used: {problem}", forms)


def parse_daemon_address(text: str) -> tuple[Endpoint, bool | None]:
    """Parse into (endpoint without TLS and with port 0 if none was given, whether the scheme means TLS or None)."""
    scheme, rest = split_url(text, UPSTREAM_FORMS)
    if scheme in LOCAL_KINDS:
        path = local_path(scheme, rest, text, UPSTREAM_FORMS)
        return Endpoint(local_kind(), "", 0, path, "", None), None
    if scheme == "ssh":
        return parse_ssh(rest, text), None
    if scheme not in _SCHEME_TLS:
        raise unknown_scheme(scheme, text, UPSTREAM_FORMS)
    address, slash, base = rest.partition("/")
    host, port = host_port(address, text, UPSTREAM_FORMS)
    if port == 0:
        raise invalid_address(text, "expected a port from 1 to 65535, found 0", UPSTREAM_FORMS)
    return Endpoint("tcp", host, port or 0, base_path(slash + base, text), "", None), _SCHEME_TLS[scheme]


def base_path(path: str, text: str) -> str:
    """Check the base path of a TCP address, and return it without double and trailing slashes, as docker sends it."""
    if any(c.isspace() or c in "?#" for c in path) or not (path.isascii() and path.isprintable()):
        raise invalid_address(text, f"expected a base path such as /docker, found {path!r}", UPSTREAM_FORMS)
    return re.sub("//+", "/", path).rstrip("/")


def parse_ssh(rest: str, text: str) -> Endpoint:
    """Parse ``[user@]host[:port][/path-to-socket]`` as the docker CLI does (docker/cli, commandconn/ssh)."""
    address, slash, path = rest.partition("/")
    user, at, host_and_port = address.rpartition("@")
    if at and not user:
        raise invalid_address(text, "expected a user name before @, found none", UPSTREAM_FORMS)
    if not unquote(rest).isprintable():
        raise invalid_address(text, "an ssh address cannot contain control characters", UPSTREAM_FORMS)
    if ":" in user:
        raise invalid_address(text, "an ssh address cannot contain a password; use a key", UPSTREAM_FORMS)
    if "?" in rest or "#" in rest:
        raise invalid_address(text, "an ssh address cannot have a query or a fragment", UPSTREAM_FORMS)
    host, port = host_port(host_and_port, text, UPSTREAM_FORMS)
    if port == 0:
        raise invalid_address(text, "expected a port from 1 to 65535, found 0", UPSTREAM_FORMS)
    return Endpoint("ssh", host, port or 0, unquote(slash + path) if path else "", unquote(user), None)


def _is_ipv6(host: str) -> bool:
    try:
        return ip_address(host).version == 6
    except ValueError:
        return False
