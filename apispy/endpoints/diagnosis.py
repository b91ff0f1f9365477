"""Why a daemon cannot be reached, in words: which step failed, what was found, what to do."""

import http.client
import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime

from apispy.endpoints.address import Endpoint
from apispy.endpoints.dial import ssh_command
from apispy.errors import ApispyError

_Words = tuple[str, str]  # what went wrong, what to do

_START = "See that the daemon runs and the address is right"
_START_TLS = _START + ", and whether it speaks TLS"
_NO_TLS = (
    "the port does not speak TLS",
    "Leave the TLS flags and port 2376 out, or type its TLS port (often 2376)",
)
_ASKS_TLS = (
    "it speaks TLS and was spoken to without",
    "Type --tlsverify (with --tlscacert, --tlscert and --tlskey unless the files are in ~/.docker)",
)

# By kind of address (empty: any); the first whose error matches is taken.
_DIAL: tuple[tuple[str, type[Exception], str, str], ...] = (
    ("", socket.gaierror, "name lookup failed: {error}", "Check the host name"),
    ("", UnicodeError, "name lookup failed: this cannot be a host name", "Check the host name"),
    ("ssh", FileNotFoundError, "there is no ssh program", "Install an ssh client"),
    ("unix", FileNotFoundError, "there is no such socket", _START + " (e.g. systemctl status docker)"),
    (
        "unix",
        PermissionError,
        "permission denied on the socket",
        "Join the group that may use it (sudo usermod -aG docker $USER, then log in again) or use sudo",
    ),
    ("unix", ConnectionRefusedError, "connection refused, nobody listens on this socket", _START),
    ("", ConnectionRefusedError, "connection refused, nobody listens on this port", _START),
    ("", TimeoutError, "no answer in time", _START + ", and that no firewall is between"),
    ("tcp", http.client.RemoteDisconnected, "closed without an answer", _START_TLS),
    ("tcp", ConnectionError, "the other side broke the connection off", _START_TLS),
    ("", ConnectionError, "the other side broke the connection off", _START),
)

# OpenSSL's verification results (openssl/x509_vfy.h). {ca}: our file of roots. {names}: in its certificate.
_UNKNOWN_CA = (
    "its certificate was not signed by a CA in {ca}",
    "Type --tlscacert FILE with the CA of that daemon, or set DOCKER_CERT_PATH",
)
_NAMES = (
    "its certificate is not for {host} but for {names}",
    "Type --upstream with one of these names, or give the daemon a certificate with {host} in its SAN",
)
_STRONGER = "Give the daemon a certificate with ECDSA P-256 or RSA 2048 and SHA-256"
_VERIFY: dict[int, _Words] = {
    **dict.fromkeys((2, 7, 18, 19, 20, 21), _UNKNOWN_CA),
    **dict.fromkeys((62, 64), _NAMES),
    9: (
        "its certificate is not yet valid (the clock here says {now})",
        "Set the clocks, or renew the certificate",
    ),
    10: ("its certificate has expired (the clock here says {now})", "Renew the daemon's certificate"),
    26: ("its certificate is not one for servers", "Give the daemon a certificate with EKU serverAuth"),
    66: ("the key of its certificate is too weak", _STRONGER),
    67: ("the key of its CA is too weak", _STRONGER),
    68: ("the signature on its certificate is too weak (MD5 or SHA-1)", _STRONGER),
}

_NO_CERT = "it did not accept {cert}", "Type --tlscert FILE --tlskey FILE of a client that it knows"
_OLD_TLS = "it does not speak TLS 1.2 or later", "Use a newer daemon; docker asks for 1.2 too"

# Parts of OpenSSL's reason for an error in the handshake; alerts are what the daemon said.
_REASONS: tuple[tuple[str, _Words], ...] = (
    ("ALERT_UNKNOWN_CA", ("it refused {cert}: not signed by its CA", _NO_CERT[1])),
    ("CERTIFICATE_EXPIRED", ("it refused {cert}: expired or not yet valid", "Renew it, or set the clocks")),
    ("CERTIFICATE_REQUIRED", ("it demands a client certificate", _NO_CERT[1])),
    ("UNSUPPORTED_CERTIFICATE", ("it refused {cert}: not one for clients", "Use one with EKU clientAuth")),
    ("ALERT_BAD_CERTIFICATE", _NO_CERT),
    ("ALERT_CERTIFICATE", _NO_CERT),
    ("ALERT_ACCESS_DENIED", _NO_CERT),
    ("HANDSHAKE_FAILURE", ("it broke off, perhaps because of {cert}", _NO_CERT[1])),
    ("PROTOCOL_VERSION", _OLD_TLS),
    ("UNSUPPORTED_PROTOCOL", _OLD_TLS),
    ("WRONG_VERSION_NUMBER", _NO_TLS),
    ("DOES_NOT_SPEAK_TLS", _NO_TLS),  # as mitmproxy says it
    ("PACKET_LENGTH_TOO_LONG", _NO_TLS),
    ("RECORD_LAYER_FAILURE", _NO_TLS),
    ("UNEXPECTED_EOF", ("it closed during the handshake", _START_TLS)),
)


class DaemonError(ApispyError):
    """Why a daemon cannot be used: ``what`` went wrong and the ``remedy``, both printable and without a full stop."""

    def __init__(self, endpoint: Endpoint, what: str, remedy: str) -> None:
        super().__init__(f"Daemon at {endpoint}: {what}. {remedy}.")
        self.what, self.remedy = what, remedy


def diagnose(
    endpoint: Endpoint, error: Exception, *, names: Sequence[str] = (), ssh_says: str = ""
) -> DaemonError:
    """The error to show for what went wrong in dialling, in the TLS handshake or in the first exchange.

    ``names``: those in the daemon's certificate, where known. ``ssh_says``: from ``ssh_reason``.
    """
    if ssh_says:
        return failed(endpoint, f"ssh says: {ssh_says}", _try_ssh(endpoint))
    if isinstance(error, ssl.SSLCertVerificationError):
        default = (
            error.verify_message or "its certificate is not accepted",
            "Give the daemon another certificate",
        )
        what, remedy = _VERIFY.get(error.verify_code, default)
        return failed(
            endpoint, *(_filled(t, endpoint, names) for t in (f"TLS verification failed: {what}", remedy))
        )
    if isinstance(error, ssl.SSLError):
        what, remedy = _tls_words(error)
        return failed(
            endpoint, *(_filled(t, endpoint, names) for t in (f"TLS handshake failed: {what}", remedy))
        )
    return failed(endpoint, *_dial_words(endpoint, error))


def failed(endpoint: Endpoint, what: str, remedy: str) -> DaemonError:
    """``what`` went wrong with the daemon at ``endpoint``, and the ``remedy``; both without a full stop."""
    return DaemonError(endpoint, printable(what).rstrip("."), printable(remedy))


def printable(text: str) -> str:
    """``text`` on one line with control characters escaped: what a peer says must not drive the terminal."""
    line = "; ".join(part.strip() for part in text.splitlines())
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


def wants_tls(endpoint: Endpoint) -> DaemonError:
    """The error for plain HTTP spoken to a TLS port."""
    return failed(endpoint, *_ASKS_TLS)


def _tls_words(error: ssl.SSLError) -> _Words:
    reason = error.reason or type(error).__name__
    for part, words in _REASONS:
        if part in reason.upper():
            return words
    return reason.replace("_", " ").lower(), _START


def _filled(text: str, endpoint: Endpoint, names: Sequence[str]) -> str:
    tls = endpoint.tls
    return text.format(
        ca=tls.ca if tls and tls.ca else "the system's roots",
        cert=f"the client certificate {tls.cert}" if tls and tls.cert else "a client without a certificate",
        host=endpoint.host,
        names=", ".join(names) or "other names, or has none in its SAN (the CN does not count)",
        now=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    )


def _dial_words(endpoint: Endpoint, error: Exception) -> _Words:
    text = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    for kind, error_type, what, remedy in _DIAL:
        if kind in ("", endpoint.kind) and isinstance(error, error_type):
            return what.format(error=text), _try_ssh(
                endpoint
            ) if kind == "" and endpoint.kind == "ssh" else remedy
    return text, _START


def _try_ssh(endpoint: Endpoint) -> str:
    command = ssh_command(endpoint)
    return f"Try it by itself: {' '.join([*command[: command.index('--') + 2], 'docker', 'version'])}"
