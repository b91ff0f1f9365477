"""Error messages for daemons that cannot be reached: which step failed, what was found, what to do."""

import http.client
import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_address

from apispy.endpoints.address import Endpoint
from apispy.endpoints.dial import ssh_command
from apispy.errors import ApispyError

_ProblemAndRemedy = tuple[str, str]

_CHECK_DAEMON = "Check that the daemon is running and the address is correct"
_CHECK_TLS = _CHECK_DAEMON + ", and whether it speaks TLS"
_NO_TLS = (
    "the port does not speak TLS",
    "Leave out the TLS flags and port 2376, or type its TLS port (often 2376)",
)
_TLS_REQUIRED = (
    "it speaks TLS, but the connection was made without TLS",
    "Type --tlsverify (with --tlscacert, --tlscert and --tlskey unless the files are in ~/.docker)",
)
_CLOSED_AFTER_HANDSHAKE = (
    "it closed the connection after the TLS handshake, without a response",
    "Check that a Docker daemon listens at this address, and that it accepts {cert}",
)

# (kind of address or empty for any, error, problem, remedy); the first match counts.
_DIAL_ERRORS: tuple[tuple[str, type[Exception], str, str], ...] = (
    ("", socket.gaierror, "name lookup failed: {error}", "Check the host name"),
    ("", UnicodeError, "name lookup failed: not a valid host name", "Check the host name"),
    ("ssh", FileNotFoundError, "found no ssh program", "Install an ssh client"),
    ("npipe", FileNotFoundError, "no such named pipe", _CHECK_DAEMON + " (e.g. start Docker Desktop)"),
    (
        "npipe",
        PermissionError,
        "permission denied on the named pipe",
        "Join the group that has access to it (net localgroup docker-users %USERNAME% /add, then log in again)",
    ),
    ("unix", FileNotFoundError, "no such socket", _CHECK_DAEMON + " (e.g. systemctl status docker)"),
    (
        "unix",
        PermissionError,
        "permission denied on the socket",
        "Join the group that has access to it (sudo usermod -aG docker $USER, then log in again) or use sudo",
    ),
    (
        "unix",
        ConnectionRefusedError,
        "connection refused, nothing is listening on this socket",
        _CHECK_DAEMON,
    ),
    ("", ConnectionRefusedError, "connection refused, nothing is listening on this port", _CHECK_DAEMON),
    ("", TimeoutError, "no response in time", _CHECK_DAEMON + ", and that no firewall blocks it"),
    ("tcp", http.client.RemoteDisconnected, "it closed the connection without a response", _CHECK_TLS),
    ("tcp", ConnectionError, "it dropped the connection", _CHECK_TLS),
    ("", ConnectionError, "it dropped the connection", _CHECK_DAEMON),
)

# OpenSSL's verification results (openssl/x509_vfy.h). {ca}: file of trusted roots, {names}: in the certificate.
_UNKNOWN_CA = (
    "its certificate was not signed by a CA in {ca}",
    "Type --tlscacert FILE with the CA of that daemon, or set DOCKER_CERT_PATH",
)
_WRONG_NAME = (
    "its certificate is not for {host} but for {names}",
    "Use one of these names after --upstream, or give the daemon a certificate with {host} in its SAN{as_address}",
)
_STRONGER_CERT = "Give the daemon a certificate with ECDSA P-256 or RSA 2048 and SHA-256"
_VERIFY_ERRORS: dict[int, _ProblemAndRemedy] = {
    **dict.fromkeys((2, 7, 18, 19, 20, 21), _UNKNOWN_CA),
    **dict.fromkeys((62, 64), _WRONG_NAME),
    9: (
        "its certificate is not yet valid (the local clock says {now})",
        "Correct the clocks, or renew the certificate",
    ),
    10: ("its certificate has expired (the local clock says {now})", "Renew the daemon's certificate"),
    26: ("its certificate is not a server certificate", "Give the daemon a certificate with EKU serverAuth"),
    66: ("the key of its certificate is too weak", _STRONGER_CERT),
    67: ("the key of its CA is too weak", _STRONGER_CERT),
    68: ("the signature on its certificate is too weak (MD5 or SHA-1)", _STRONGER_CERT),
}

_NO_CERT = (
    "it did not accept {cert}",
    "Type --tlscert FILE --tlskey FILE with a client certificate that it accepts",
)
_OLD_TLS = "it does not speak TLS 1.2 or later", "Use a newer daemon; docker requires 1.2 too"

# Parts of OpenSSL's reason for a handshake error; the daemon sends the alerts.
_HANDSHAKE_ERRORS: tuple[tuple[str, _ProblemAndRemedy], ...] = (
    ("ALERT_UNKNOWN_CA", ("it refused {cert}: not signed by its CA", _NO_CERT[1])),
    (
        "CERTIFICATE_EXPIRED",
        ("it refused {cert}: expired or not yet valid", "Renew it, or correct the clocks"),
    ),
    ("CERTIFICATE_REQUIRED", ("it requires a client certificate", _NO_CERT[1])),
    (
        "UNSUPPORTED_CERTIFICATE",
        ("it refused {cert}: not a client certificate", "Use one with EKU clientAuth"),
    ),
    ("ALERT_BAD_CERTIFICATE", _NO_CERT),
    ("ALERT_CERTIFICATE", _NO_CERT),
    ("ALERT_ACCESS_DENIED", _NO_CERT),
    ("HANDSHAKE_FAILURE", ("it ended the handshake, perhaps because of {cert}", _NO_CERT[1])),
    ("PROTOCOL_VERSION", _OLD_TLS),
    ("UNSUPPORTED_PROTOCOL", _OLD_TLS),
    ("WRONG_VERSION_NUMBER", _NO_TLS),
    ("DOES_NOT_SPEAK_TLS", _NO_TLS),  # mitmproxy's wording
    ("PACKET_LENGTH_TOO_LONG", _NO_TLS),
    ("RECORD_LAYER_FAILURE", _NO_TLS),
    ("UNEXPECTED_EOF", ("it closed the connection during the handshake", _CHECK_TLS)),
)


class DaemonError(ApispyError):
    """A daemon that cannot be used: the ``problem`` and the ``remedy``, both printable and without a full stop."""

    def __init__(self, endpoint: Endpoint, problem: str, remedy: str) -> None:
        super().__init__(f"Daemon at {endpoint}: {problem}. {remedy}.")
        self.problem, self.remedy = problem, remedy


class Http2Only(DaemonError):
    """A peer that answers in HTTP/2 only, so that its version cannot be asked for. Calls in HTTP/2 may reach it."""


def diagnose(
    endpoint: Endpoint, error: Exception, *, names: Sequence[str] = (), ssh_error: str = ""
) -> DaemonError:
    """Return the message for an *error* in dialling, in the TLS handshake or in the first exchange.

    ``names``: those in the daemon's certificate, where known. ``ssh_error``: from ``ssh_stderr``.
    """
    if ssh_error:
        return daemon_error(endpoint, f"ssh reports: {ssh_error}", _try_ssh(endpoint))
    if isinstance(error, ssl.SSLCertVerificationError):
        default = (
            error.verify_message or "its certificate is not accepted",
            "Give the daemon another certificate",
        )
        problem, remedy = _VERIFY_ERRORS.get(error.verify_code, default)
        return daemon_error(
            endpoint, *(_filled(t, endpoint, names) for t in (f"TLS verification failed: {problem}", remedy))
        )
    if isinstance(error, ssl.SSLError):
        problem, remedy = _handshake_problem(error)
        return daemon_error(
            endpoint, *(_filled(t, endpoint, names) for t in (f"TLS handshake failed: {problem}", remedy))
        )
    return daemon_error(endpoint, *_dial_problem(endpoint, error))


def daemon_error(endpoint: Endpoint, problem: str, remedy: str) -> DaemonError:
    """Return a DaemonError with texts that may come from a peer: escapes them, and removes a final full stop."""
    return DaemonError(endpoint, printable(problem).rstrip("."), printable(remedy))


def printable(text: str) -> str:
    """Return ``text`` on one line with control characters escaped: text from a peer must not control the terminal."""
    line = "; ".join(part.strip() for part in text.splitlines())
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


def tls_required(endpoint: Endpoint) -> DaemonError:
    """Return the error for plain HTTP sent to a TLS port."""
    return daemon_error(endpoint, *_TLS_REQUIRED)


def closed_after_handshake(endpoint: Endpoint) -> DaemonError:
    """Return the error for a peer that speaks TLS, but ends the connection when it gets a request."""
    return daemon_error(endpoint, *(_filled(text, endpoint, ()) for text in _CLOSED_AFTER_HANDSHAKE))


def _handshake_problem(error: ssl.SSLError) -> _ProblemAndRemedy:
    reason = error.reason or type(error).__name__
    for part, found in _HANDSHAKE_ERRORS:
        if part in reason.upper():
            return found
    return reason.replace("_", " ").lower(), _CHECK_DAEMON


def _filled(text: str, endpoint: Endpoint, names: Sequence[str]) -> str:
    tls = endpoint.tls
    return text.format(
        ca=tls.ca if tls and tls.ca else "the system's roots",
        cert=f"the client certificate {tls.cert}" if tls and tls.cert else "a client without a certificate",
        host=endpoint.host,
        as_address=" as an IP address" if _is_address(endpoint.host) else "",
        names=", ".join(names) or "other names, or has none in its SAN (the CN does not count)",
        now=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    )


def _is_address(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _dial_problem(endpoint: Endpoint, error: Exception) -> _ProblemAndRemedy:
    text = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    for kind, error_type, problem, remedy in _DIAL_ERRORS:
        if kind in ("", endpoint.kind) and isinstance(error, error_type):
            by_ssh = kind == "" and endpoint.kind == "ssh"
            return problem.format(error=text), _try_ssh(endpoint) if by_ssh else remedy
    return text, _CHECK_DAEMON


def _try_ssh(endpoint: Endpoint) -> str:
    command = ssh_command(endpoint)
    return (
        f"Try the ssh command itself: {' '.join([*command[: command.index('--') + 2], 'docker', 'version'])}"
    )
