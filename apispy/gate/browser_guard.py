"""Turns away what web pages make a browser send to a plaintext port of this machine.

Such a port needs no certificate, and a browser on the machine can reach it. A page of any site can let it send a POST
there (then an ``Origin`` tells), or have the site's own name lead to 127.0.0.1 (DNS rebinding; then ``Host`` is that
name). A browser always tells the truth in these headers, and nothing else sends them so.
"""

import functools
import re
from collections.abc import Iterable

NAMES = {
    "localhost": "and every name below it, as api.moby.localhost of the docker CLI",
    "docker": "of docker CLIs that come through a pipe or a unix socket",
    "docker.example.com": "of the docker CLI that comes through ssh",
    "d": "of podman",
    "host.docker.internal": "of containers under Docker Desktop",
    "gateway.docker.internal": "likewise",
    "host.containers.internal": "of containers under podman",
    "host.lima.internal": "of containers under Lima and Colima",
}
"""Hosts that real clients name, beside addresses. Nobody can register them and have them lead here."""

REMEMBERED = 256
"""Hosts whose verdict is remembered."""

_ADDRESS = re.compile(r"\[[^\[\]]+\]|(?:[^.]+\.)*(?:[0-9]+|0x[0-9a-f]*)")
"""A host that ends in a number is an address to every browser (WHATWG URL, "ends in a number")."""

_PORT = re.compile(r":[0-9]*\Z")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://([^/?#]*)", re.IGNORECASE)

FROM_PAGES = (b"origin", b"sec-fetch-site")
"""The headers that tell of a page. A WebSocket library sends an Origin too: that of the very host that it calls."""

LENGTHS = frozenset(len(name) for name in (b"host", *FROM_PAGES))

LONGEST = 200
"""Characters of a header that are repeated in a refusal."""


class BrowserGuard:
    """*names* are further hosts that clients may name: the listener's own, and those that the user allows."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = {*NAMES, *(name.lower().rstrip(".") for name in names)}
        self._knows = functools.lru_cache(REMEMBERED)(self._is_known)

    def refusal(self, fields: Iterable[tuple[bytes, bytes]]) -> str | None:
        """Why a request must not pass, with what to do about it; None if it may. Names are compared without case."""
        told = [(name.lower(), value) for name, value in fields if len(name) in LENGTHS]
        hosts = [value.decode("latin-1") for name, value in told if name == b"host"]
        for host in hosts:
            if not self._knows(host):
                return _unknown(host)
        for name, value in told:
            if name in FROM_PAGES and (why := _from_page(name, value.decode("latin-1"), hosts)):
                return why
        return None

    def in_text(self, data: bytes) -> str | None:
        """Likewise for what could not be read as a request: any line in it counts that looks like such a header."""
        lines = (line.partition(b":") for line in data.split(b"\n"))
        return self.refusal([(name.strip(), value.strip()) for name, _, value in lines])

    def _is_known(self, text: str) -> bool:
        host = _PORT.sub("", text.strip().lower()).rstrip(".")
        if not host or "/" in host or host.startswith("%"):
            return True  # none, or a socket's path: no browser sends that
        return host in self._names or host.endswith(".localhost") or _ADDRESS.fullmatch(host) is not None


def _unknown(host: str) -> str:
    host = host[:LONGEST]
    return (
        f"it names the host {host}, which is not known to lead here: a web page may have made it do so. If it is "
        f"yours, start apispy with --allow-host {_PORT.sub('', host)}"
    )


def _from_page(header: bytes, value: str, hosts: list[str]) -> str | None:
    if header == b"origin":
        url = _URL.fullmatch(value)
        from_here = url is not None and [url[1].lower()] == [host.lower() for host in hosts]
    else:
        from_here = value.lower() in ("none", "same-origin")  # "none": the user typed it
    said = f"{header.decode().title()}: {value[:LONGEST]}"
    return None if from_here else f"a web page sent it ({said}), and none may use this port"
