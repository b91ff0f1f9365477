"""Who may read the page: the browser that was given the address with the token, on this machine, and no other page.

Any page in the user's browser can make it send requests to this port. It cannot know the token or read the cookie,
and what it cannot change gives it away: ``Host`` is its own name if that was made to resolve to this machine (DNS
rebinding), ``Origin`` and ``Sec-Fetch-Site`` say where the request is from. The cookie is not sent for other sites.
"""

import hmac
import secrets
from typing import Any
from urllib.parse import parse_qs

from apispy.endpoints import is_loopback
from apispy.errors import UsageError
from apispy.outputs.decoded_values import ascii_json
from apispy.structs import Struct

TOKEN_BYTES = 24
"""Random bytes in the token and in the cookie."""

MAX_PARAMETERS = 8
"""Query parameters that are read."""

REMEDY = "Open the address that apispy printed."

READING_METHODS = ("GET", "HEAD")

NO_CONTENT = "default-src 'none'"
"""The Content-Security-Policy of an answer that is not a page: nothing in it runs or is loaded."""

HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)
"""The headers of every answer, beside its Content-Security-Policy."""


class WebRequest(Struct, frozen=True):
    """The head of a request. Names of *fields* are in lower case."""

    method: str
    path: str
    query: str
    fields: tuple[tuple[bytes, bytes], ...]

    def parameter(self, name: str) -> str:
        """Return the value of a query parameter; "" if there is none, or there are several."""
        try:
            values = parse_qs(self.query, max_num_fields=MAX_PARAMETERS).get(name, [])
        except ValueError:  # too many parameters
            return ""
        return values[0] if len(values) == 1 else ""

    def all(self, name: str) -> list[str]:
        """Return all values of a header."""
        return [value.decode("latin-1") for key, value in self.fields if key == name.encode()]


class Answer(Struct, frozen=True):
    """A response. ``policy`` is its Content-Security-Policy, without ``frame-ancestors``, which is always none."""

    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    policy: str = NO_CONTENT
    headers: tuple[tuple[str, str], ...] = ()

    def all_headers(self) -> list[tuple[str, str]]:
        """Return the headers with those that every answer has."""
        return [
            ("Content-Type", self.content_type),
            ("Content-Security-Policy", f"{self.policy}; frame-ancestors 'none'"),
            *HEADERS,
            *self.headers,
        ]


def json_answer(value: Any) -> Answer:
    """Return the answer with a JSON value."""
    return Answer(200, ascii_json(value).encode("ascii"), "application/json; charset=utf-8")


def refused(status: int, reason: str, **headers: str) -> Answer:
    """Return the answer of a refusal, a sentence as plain text."""
    return Answer(status, f"{reason}\n".encode(), headers=tuple(headers.items()))


class Access:
    """Decides about the requests to the server at *host* and *port*.

    With *single_use*, the token is good for the first browser only. *remedy* says what to do without it. Raises
    UsageError unless *host* is a loopback address.
    """

    def __init__(self, host: str, port: int, *, single_use: bool = False, remedy: str = REMEDY) -> None:
        if not is_loopback(host):
            raise UsageError(
                f"{host} is not an address of loopback: a page is for this machine only. Type 127.0.0.1"
            )
        self._host, self._port = _bracketed(host), port
        self._single_use, self._remedy = single_use, remedy
        self._token: str | None = secrets.token_urlsafe(TOKEN_BYTES)
        self._cookie = secrets.token_urlsafe(TOKEN_BYTES)
        self._hosts = _host_values(self._host, port)

    @property
    def url(self) -> str:
        """The address to open. A browser that has it can read the page."""
        return f"http://{self._host}:{self._port}/?token={self._token}"

    @property
    def cookie_name(self) -> str:
        """A name with the port: a browser sends the cookies of one host to all its ports."""
        return f"apispy-{self._port}"

    def refusal(self, request: WebRequest) -> Answer | None:
        """Return the answer to a request that may not read the page, or that brings the token; None if it may read."""
        if refusal := _refusal_of_stranger(request, self._hosts):
            return refusal
        has_cookie = any(_same(value, self._cookie) for value in _cookies(request, self.cookie_name))
        if request.path == "/" and "token=" in request.query and (has_cookie or self._redeem(request)):
            return (
                self._entry()
            )  # also for a browser that has the cookie: so the token leaves its address bar
        if has_cookie:
            return None
        return refused(403, f"This address needs the token of this run of apispy. {self._remedy}")

    def _redeem(self, request: WebRequest) -> bool:
        """Whether the request has the token. A single-use one is spent by that, unless only the head was asked for."""
        token = self._token
        if token is None or not _same(request.parameter("token"), token):
            return False
        if self._single_use and request.method == "GET":
            self._token = None
        return True

    def _entry(self) -> Answer:
        cookie = f"{self.cookie_name}={self._cookie}; HttpOnly; SameSite=Strict; Path=/"
        return Answer(303, b"", headers=(("Location", "/"), ("Set-Cookie", cookie)))


class OpenAccess:
    """Decides about the requests to a server that any program which can connect may read: pages of a browser may not.

    Only with *checks_host* the header Host must name *host* or localhost: other machines know this one by any name.
    """

    def __init__(self, host: str, port: int, *, checks_host: bool) -> None:
        self.url = f"http://{_bracketed(host)}:{port}"
        self._hosts = _host_values(_bracketed(host), port)
        self._checks_host = checks_host

    def refusal(self, request: WebRequest) -> Answer | None:
        """Return the answer to a request that may not read; None if it may."""
        return _refusal_of_stranger(request, self._hosts, checks_host=self._checks_host)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _host_values(host: str, port: int) -> set[str]:
    """Return the values of the header Host that name a server of this machine."""
    names = {host.lower(), "localhost"}
    return {f"{name}:{port}" for name in names} | (names if port == 80 else set())  # browsers leave out 80


def _refusal_of_stranger(request: WebRequest, hosts: set[str], *, checks_host: bool = True) -> Answer | None:
    """Return the answer to a request that changes something, or that is from a page of another site; None otherwise."""
    if request.method not in READING_METHODS:
        return refused(405, "This page can only be read.", Allow=", ".join(READING_METHODS))
    named = [value.lower() for value in request.all("host")]
    if checks_host and (len(named) != 1 or named[0] not in hosts):
        return refused(
            403,
            "The Host header does not name this server: a page may have sent the request (DNS rebinding).",
        )
    if any(value.lower().removeprefix("http://") not in hosts for value in request.all("origin")):
        return refused(403, "The Origin header names another site: its pages may not read this one.")
    if any(value.lower() not in ("none", "same-origin") for value in request.all("sec-fetch-site")):
        return refused(403, "A page of another site sent the request: open the address by hand.")
    return None


def _cookies(request: WebRequest, name: str) -> list[str]:
    pairs = (pair.strip().partition("=") for value in request.all("cookie") for pair in value.split(";"))
    return [value for key, _, value in pairs if key == name]


def _same(value: str, secret: str) -> bool:
    """Compare in a time that does not depend on where they differ."""
    return hmac.compare_digest(value.encode("utf-8", "surrogateescape"), secret.encode())
