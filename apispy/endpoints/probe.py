"""Ask a daemon who it is, and if that fails say at which step and why."""

import http.client
import json
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from apispy.endpoints.address import Endpoint
from apispy.endpoints.diagnosis import diagnose, failed, printable, wants_tls
from apispy.endpoints.dial import connect, ssh_reason, ssh_socket, tls_context
from apispy.errors import ApispyError

_TLS_RECORD = ("\x15\x03", "\x16\x03")  # an alert or a handshake message where a status line was expected
_LIMIT = 1 << 20  # bytes of an answer to GET /version; a real one has about 1 KB
_NAME_MISMATCH = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_NOT_DOCKER = "Check the address: something else listens there"


@dataclass(frozen=True)
class Daemon:
    """What ``GET /version`` says; empty where the daemon does not say it. Versions as "28.2.2" and "1.50".

    ``date``: the header of that name, by which its clock can be told; no part of who it is.
    """

    version: str
    api_version: str
    min_api_version: str
    os: str
    arch: str
    date: str = field(default="", compare=False)


def probe(endpoint: Endpoint, timeout: float = 3.0) -> Daemon:
    """Dial and ask. ``timeout`` is in seconds and for each step, not for all of them together.

    ApispyError says which step failed, what was found, and what to do.
    """
    if endpoint.kind == "ssh":
        return _probe_ssh(endpoint, timeout)
    try:
        with _secured(endpoint, timeout) as sock:
            return _ask(endpoint, sock)
    except ssl.SSLCertVerificationError as error:
        names = _names(endpoint, timeout) if error.verify_code in _NAME_MISMATCH else []
        raise diagnose(endpoint, error, names=names) from error
    except (OSError, UnicodeError, http.client.HTTPException) as error:
        raise diagnose(endpoint, error) from error


def _probe_ssh(endpoint: Endpoint, timeout: float) -> Daemon:
    try:
        sock, child = ssh_socket(endpoint)
    except OSError as error:
        raise diagnose(endpoint, error) from error
    try:
        sock.settimeout(timeout)
        return _ask(endpoint, sock)
    except TimeoutError as error:
        raise diagnose(endpoint, error, ssh_says=ssh_reason(child)) from error
    except (OSError, http.client.HTTPException) as error:
        _ended(child)
        raise diagnose(endpoint, error, ssh_says=ssh_reason(child)) from error
    finally:
        sock.close()
        child.terminate()
        _ended(child)
        if child.stderr:
            child.stderr.close()


def _ended(child: subprocess.Popen[bytes]) -> None:
    """Wait for ssh, which has closed its side or was told to; it may write its reason just before the end."""
    try:
        child.wait(1.0)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


@contextmanager
def _secured(endpoint: Endpoint, timeout: float) -> Iterator[socket.socket]:
    context = tls_context(endpoint) if endpoint.tls else None
    with connect(endpoint, timeout) as sock:
        if context is None:
            yield sock
            return
        with context.wrap_socket(sock, server_hostname=_server_name(endpoint)) as secured:
            yield secured


def _server_name(endpoint: Endpoint) -> str:
    return endpoint.host.partition("%")[0]  # a zone is no part of an address in a certificate


def _names(endpoint: Endpoint, timeout: float) -> list[str]:
    """The names in a certificate whose chain is good, from a second handshake; empty when that fails."""
    try:
        context = tls_context(endpoint)
        context.check_hostname = False
        name = _server_name(endpoint)
        with connect(endpoint, timeout) as sock, context.wrap_socket(sock, server_hostname=name) as secured:
            certificate: dict[str, Any] = secured.getpeercert() or {}
    except (OSError, ApispyError):
        return []
    return [value for _, value in certificate.get("subjectAltName", ())]


def _ask(endpoint: Endpoint, sock: socket.socket) -> Daemon:
    connection = http.client.HTTPConnection(endpoint.host, endpoint.port) if endpoint.kind == "tcp" else None
    connection = connection or http.client.HTTPConnection("docker")
    connection.sock = sock
    connection.auto_open = 0  # this socket or none
    try:
        # If it broke off before this was written, it may have said why: that is still to be read.
        with suppress(ConnectionError, ssl.SSLEOFError):
            connection.request("GET", "/version", headers={"User-Agent": "apispy"})
        with connection.getresponse() as response:
            daemon = _daemon(endpoint, response.status, response.read(_LIMIT))
            return replace(daemon, date=response.getheader("Date", ""))
    except http.client.RemoteDisconnected:
        raise
    except http.client.HTTPException as error:
        if str(error).startswith(_TLS_RECORD):
            raise wants_tls(endpoint) from error
        raise failed(
            endpoint, f"not a Docker daemon, it answered {str(error)[:60]!r}", _NOT_DOCKER
        ) from error


def _daemon(endpoint: Endpoint, status: int, body: bytes) -> Daemon:
    if status == 400 and b"HTTPS" in body:  # Go, nginx: "Client sent an HTTP request to an HTTPS server."
        raise wants_tls(endpoint)
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if status != 200 and isinstance(said, dict) and "message" in said:  # e.g. an authorization plugin
        raise failed(
            endpoint, f"GET /version was refused: {status}, {said['message']!s:.200}", "Ask its owner"
        )
    if status != 200 or not isinstance(said, dict) or "ApiVersion" not in said:
        found = body[:60].decode("utf-8", "replace")
        raise failed(endpoint, f"not a Docker daemon, GET /version gave {status} and {found!r}", _NOT_DOCKER)
    fields = ("Version", "ApiVersion", "MinAPIVersion", "Os", "Arch")
    return Daemon(*(printable(str(said.get(field) or ""))[:100] for field in fields))
