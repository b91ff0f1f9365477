"""Probing a daemon: its version and API range, or the step that failed and why."""

import http.client
import json
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any

from apispy.endpoints.address import Endpoint
from apispy.endpoints.diagnosis import (
    DaemonError,
    Http2Only,
    closed_after_handshake,
    daemon_error,
    diagnose,
    printable,
    tls_required,
)
from apispy.endpoints.dial import connect, ssh_socket, ssh_stderr, tls_context
from apispy.endpoints.unexpected import Peer, http2_answer, quoted
from apispy.errors import ApispyError

_TLS_RECORD = ("\x15\x03", "\x16\x03")  # an alert or a handshake message where a status line was expected
_MAX_BYTES = 1 << 20  # of a response to GET /version; a real one has about 1 KB
_NAME_MISMATCH = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_HTTP1_NEEDED = (
    "Check the address: Docker Engine speaks HTTP/1.1 too, buildkitd and other gRPC servers do not"
)
_HTTP2_SELECTED = "under TLS it selects HTTP/2 (by ALPN), and it does not respond in HTTP/1.1"
_NO_RESPONSE = (ConnectionError, TimeoutError, ssl.SSLEOFError)
_NOT_DOCKER = "Check the address: another program listens there"


@dataclass(frozen=True)
class Daemon:
    """A daemon's response to ``GET /version``; missing fields are empty. Versions as "28.2.2" and "1.50".

    ``date``: the Date header, which shows the daemon's clock; ignored when daemons are compared.
    """

    version: str
    api_version: str
    min_api_version: str
    os: str
    arch: str
    date: str = field(default="", compare=False)


def probe(endpoint: Endpoint, timeout: float = 3.0) -> Daemon:
    """Dial a daemon and request its version. ``timeout`` is in seconds per step, not for all steps together.

    ApispyError says which step failed, what was found, and what to do.
    """
    if endpoint.kind == "ssh":
        return _probe_ssh(endpoint, timeout)
    connected = False
    try:
        with _connected(endpoint, timeout) as sock:
            connected = True
            return _get_version(endpoint, sock)
    except ssl.SSLCertVerificationError as error:
        names = _names(endpoint, timeout) if error.verify_code in _NAME_MISMATCH else []
        raise diagnose(endpoint, error, names=names) from error
    except (OSError, UnicodeError, http.client.HTTPException) as error:
        if connected and endpoint.tls and isinstance(error, _NO_RESPONSE):
            raise _no_response_under_tls(endpoint, error, timeout) from error
        raise diagnose(endpoint, error) from error


def _no_response_under_tls(endpoint: Endpoint, error: Exception, timeout: float) -> DaemonError:
    """Return the error for a peer that has accepted TLS, but does not respond to HTTP/1.1."""
    if _selects_http2(endpoint, timeout):
        return Http2Only(endpoint, _HTTP2_SELECTED, _HTTP1_NEEDED)
    return diagnose(endpoint, error) if isinstance(error, TimeoutError) else closed_after_handshake(endpoint)


def _selects_http2(endpoint: Endpoint, timeout: float) -> bool:
    """Whether a daemon selects HTTP/2 from what a client offers, in a second handshake; False if that fails."""
    try:
        context = tls_context(endpoint)
        context.set_alpn_protocols(["h2", "http/1.1"])
        name = _server_name(endpoint)
        with connect(endpoint, timeout) as sock, context.wrap_socket(sock, server_hostname=name) as tls:
            return tls.selected_alpn_protocol() == "h2"
    except (OSError, ApispyError):
        return False


def _probe_ssh(endpoint: Endpoint, timeout: float) -> Daemon:
    try:
        sock, child = ssh_socket(endpoint)
    except OSError as error:
        raise diagnose(endpoint, error) from error
    try:
        sock.settimeout(timeout)
        return _get_version(endpoint, sock)
    except TimeoutError as error:
        raise diagnose(endpoint, error, ssh_error=ssh_stderr(child)) from error
    except (OSError, http.client.HTTPException) as error:
        _wait_for_end(child)
        raise diagnose(endpoint, error, ssh_error=ssh_stderr(child)) from error
    finally:
        sock.close()
        child.terminate()
        _wait_for_end(child)
        if child.stderr:
            child.stderr.close()


def _wait_for_end(child: subprocess.Popen[bytes]) -> None:
    """Wait for ssh, which has closed its side or was terminated; it may write the reason just before it ends."""
    try:
        child.wait(1.0)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


@contextmanager
def _connected(endpoint: Endpoint, timeout: float) -> Iterator[socket.socket]:
    context = tls_context(endpoint) if endpoint.tls else None
    with connect(endpoint, timeout) as sock:
        if context is None:
            yield sock
            return
        with context.wrap_socket(sock, server_hostname=_server_name(endpoint)) as tls:
            yield tls


def _server_name(endpoint: Endpoint) -> str:
    return endpoint.host.partition("%")[0]  # addresses in certificates have no zone


def _names(endpoint: Endpoint, timeout: float) -> list[str]:
    """Return the names in a certificate with a valid chain, from a second handshake; empty if that fails."""
    try:
        context = tls_context(endpoint)
        context.check_hostname = False
        name = _server_name(endpoint)
        with connect(endpoint, timeout) as sock, context.wrap_socket(sock, server_hostname=name) as tls:
            certificate: dict[str, Any] = tls.getpeercert() or {}
    except (OSError, ApispyError):
        return []
    return [_shown(kind, value) for kind, value in certificate.get("subjectAltName", ())]


def _shown(kind: str, value: str) -> str:
    """Mark an address that stands in the SAN as a DNS name, where no client looks for addresses."""
    try:
        ip_address(value)
    except ValueError:
        return value
    return value if kind == "IP Address" else f"{value} written as a DNS name"


def _get_version(endpoint: Endpoint, sock: socket.socket) -> Daemon:
    connection = http.client.HTTPConnection(endpoint.host, endpoint.port) if endpoint.kind == "tcp" else None
    connection = connection or http.client.HTTPConnection("docker")
    peer = Peer(sock)
    connection.sock = peer
    connection.auto_open = 0  # never open another socket
    try:
        # If the daemon closed the connection early, a response with the reason may still be readable.
        with suppress(ConnectionError, ssl.SSLEOFError):
            base = endpoint.path if endpoint.kind == "tcp" else ""
            connection.request("GET", f"{base}/version", headers={"User-Agent": "apispy"})
        with connection.getresponse() as response:
            daemon = _daemon(endpoint, response.status, response.read(_MAX_BYTES))
            return replace(daemon, date=response.getheader("Date", ""))
    except (OSError, http.client.HTTPException) as error:
        if problem := http2_answer(peer.first):
            raise Http2Only(endpoint, problem, _HTTP1_NEEDED) from error
        if isinstance(error, OSError):  # RemoteDisconnected too
            raise
        if str(error).startswith(_TLS_RECORD):
            raise tls_required(endpoint) from error
        is_other = isinstance(error, http.client.BadStatusLine)
        found = quoted(peer.first) if is_other else repr(str(error)[:60])
        raise daemon_error(endpoint, f"not a Docker daemon: it responded {found}", _NOT_DOCKER) from error


def _daemon(endpoint: Endpoint, status: int, body: bytes) -> Daemon:
    if status == 400 and b"HTTPS" in body:  # Go, nginx: "Client sent an HTTP request to an HTTPS server."
        raise tls_required(endpoint)
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if status != 200 and isinstance(found, dict) and "message" in found:  # e.g. an authorization plugin
        raise daemon_error(
            endpoint,
            f"GET /version was refused: {status}, {found['message']!s:.200}",
            "Ask the daemon's administrator",
        )
    if status != 200 or not isinstance(found, dict) or "ApiVersion" not in found:
        raise daemon_error(
            endpoint, f"not a Docker daemon: GET /version returned {status} and {quoted(body)}", _NOT_DOCKER
        )
    fields = ("Version", "ApiVersion", "MinAPIVersion", "Os", "Arch")
    return Daemon(*(printable(str(found.get(field) or ""))[:100] for field in fields))
