"""Refuses requests that a web page makes a browser send to a plaintext port of this machine.

Such a port needs no certificate, and a browser on the machine can reach it. A page of any site can make the browser
send a POST there (which then has an ``Origin`` header), or let the site's own name resolve to 127.0.0.1 (DNS rebinding:
``Host`` is then that name). Pages cannot forge these headers, and no other client sends them with such values.
"""

import functools
import re
from collections.abc import Iterable

KNOWN_HOSTS = {
    "localhost": "and every name below it, as api.moby.localhost of the docker CLI",
    "docker": "of docker CLIs that connect through a pipe or a unix socket",
    "docker.example.com": "of the docker CLI that connects through ssh",
    "d": "of podman",
    "host.docker.internal": "of containers under Docker Desktop",
    "gateway.docker.internal": "of containers under Docker Desktop",
    "host.containers.internal": "of containers under podman",
    "host.lima.internal": "of containers under Lima and Colima",
}
"""Host names that real clients send, besides addresses. Nobody can register one of them and point it here."""

CACHE_SIZE = 256
"""Hosts whose verdict is cached."""

_ADDRESS = re.compile(r"\[[^\[\]]+\]|(?:[^.]+\.)*(?:[0-9]+|0x[0-9a-f]*)")
"""A host that ends in a number is an address to every browser (WHATWG URL, "ends in a number")."""

_PORT = re.compile(r":[0-9]*\Z")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://([^/?#]*)", re.IGNORECASE)

PAGE_HEADERS = (b"origin", b"sec-fetch-site")
"""Headers that reveal a web page. WebSocket libraries send an Origin too: that of the host they connect to."""

CHECKED_LENGTHS = frozenset(len(name) for name in (b"host", *PAGE_HEADERS))
"""Lengths of the names of the headers that are checked."""

MAX_QUOTED = 200
"""Characters of a header value that a refusal quotes."""


class BrowserGuard:
    """Checks the headers of requests.

    *names* are further hosts that clients may name: the listener's own, and those that the user allows.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = {*KNOWN_HOSTS, *(name.lower().rstrip(".") for name in names)}
        self._knows = functools.lru_cache(CACHE_SIZE)(self._is_known)

    def refusal(self, fields: Iterable[tuple[bytes, bytes]]) -> str | None:
        """Return why a request with the header *fields* is refused, and the remedy; None if it may pass.

        Header names are compared without case.
        """
        checked = [(name.lower(), value) for name, value in fields if len(name) in CHECKED_LENGTHS]
        hosts = [value.decode("latin-1") for name, value in checked if name == b"host"]
        for host in hosts:
            if not self._knows(host):
                return _unknown_host(host)
        for name, value in checked:
            if name in PAGE_HEADERS and (reason := _from_page(name, value.decode("latin-1"), hosts)):
                return reason
        return None

    def refusal_of_bytes(self, data: bytes) -> str | None:
        """Return why *data* that is not a readable request is refused: each line that looks like a header counts."""
        lines = (line.partition(b":") for line in data.split(b"\n"))
        return self.refusal([(name.strip(), value.strip()) for name, _, value in lines])

    def _is_known(self, text: str) -> bool:
        host = _PORT.sub("", text.strip().lower()).rstrip(".")
        if not host or "/" in host or host.startswith("%"):
            return True  # no host, or the path of a socket: no browser sends that
        return host in self._names or host.endswith(".localhost") or _ADDRESS.fullmatch(host) is not None


def _unknown_host(host: str) -> str:
    host = host[:MAX_QUOTED]
    return (
        f"the Host header names {host}, which is not a known name of this machine. A web page may have sent the "
        f"request (DNS rebinding). If the name is yours, start apispy with --allow-host {_PORT.sub('', host)}"
    )


def _from_page(header: bytes, value: str, hosts: list[str]) -> str | None:
    if header == b"origin":
        url = _URL.fullmatch(value)
        same_origin = url is not None and [url[1].lower()] == [host.lower() for host in hosts]
    else:
        same_origin = value.lower() in ("none", "same-origin")  # "none": the user typed the URL
    quoted = f"{header.decode().title()}: {value[:MAX_QUOTED]}"
    return None if same_origin else f"a web page sent it ({quoted}), and web pages may not use this port"
