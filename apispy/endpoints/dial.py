"""Dialling a daemon: a connected socket for tcp, unix and ssh, and the TLS context to wrap it in."""

import os
import shlex
import socket
import ssl
import subprocess
import tempfile
import threading
from pathlib import Path

from apispy.endpoints.address import Endpoint
from apispy.errors import ApispyError


def connect(endpoint: Endpoint, timeout: float | None = None) -> socket.socket:
    """A connected socket, without TLS, with ``timeout`` (seconds, None: none) set on it too.

    Raises OSError or UnicodeError as the system gave it (``diagnose`` puts it into words). The ssh process of
    an ssh endpoint ends by itself when the socket is closed.
    """
    if endpoint.kind == "ssh":
        sock, child = ssh_socket(endpoint)
        threading.Thread(target=_reap, args=(child,), daemon=True, name="apispy-ssh").start()
        sock.settimeout(timeout)
        return sock
    if endpoint.kind == "tcp":
        sock = socket.create_connection((endpoint.host, endpoint.port), timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # Go's default, and so the docker CLI's
        return sock
    return _connect_unix(endpoint.path, timeout)


def _reap(child: subprocess.Popen[bytes]) -> None:
    """Wait for the end of ssh, so that it leaves no zombie."""
    with child:
        child.wait()


def _connect_unix(path: str, timeout: float | None) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        sock.connect(path)
    except BaseException:
        sock.close()
        raise
    return sock


def ssh_command(endpoint: Endpoint) -> list[str]:
    """The command that the docker CLI runs for an ssh address (docker/cli, cli/connhelper)."""
    user = ["-l", endpoint.user] if endpoint.user else []
    port = ["-p", str(endpoint.port)] if endpoint.port else []
    # The remote shell reads these words again, so what is unusual in the path has to be quoted for it.
    where = ["--host=unix://" + shlex.quote(endpoint.path)] if endpoint.path else []
    remote = ["docker", *where, "system", "dial-stdio"]
    return ["ssh", "-o", "ConnectTimeout=30", "-T", *user, *port, "--", endpoint.host, *remote]


def ssh_socket(endpoint: Endpoint) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start ssh; its stdin and stdout are the other end of the socket. OSError when there is no ``ssh``.

    What ssh says on stderr is kept for ``ssh_reason``. ssh runs in a session of its own: Ctrl-C in the
    terminal does not reach it, and it cannot ask for a password there.
    """
    ours, theirs = socket.socketpair()
    # A file, not a pipe: nobody has to read along to keep ssh from blocking.
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
    try:
        child = subprocess.Popen(
            ssh_command(endpoint),
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=errors,
            start_new_session=True,
        )
    except BaseException:
        ours.close()
        errors.close()
        raise
    finally:
        theirs.close()
    child.stderr = errors
    return ours, child


def ssh_reason(child: subprocess.Popen[bytes]) -> str:
    """The last that ssh, or docker on the other machine, said on stderr: at most 2000 bytes, or empty."""
    if child.stderr is None or child.stderr.closed:
        return ""
    fd = child.stderr.fileno()
    # pread: the child writes through the same file offset, which must not be moved.
    tail = os.pread(fd, 2000, max(0, os.fstat(fd).st_size - 2000))
    return tail.decode("utf-8", "replace").strip()


def tls_context(endpoint: Endpoint) -> ssl.SSLContext:
    """As the docker CLI has it: TLS 1.2 or later, no roots but the endpoint's CA, no names but those in the SAN.

    ApispyError names the file that cannot be used. ValueError when the endpoint has no TLS.
    """
    if endpoint.tls is None:
        raise ValueError(f"{endpoint} is without TLS")
    tls = endpoint.tls
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.verify:
        context.hostname_checks_common_name = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # Go: whatever is in the pool is trusted
        _load_roots(context, tls.ca)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.cert and tls.key:
        _load_pair(context, tls.cert, tls.key)
    return context


def _load_roots(context: ssl.SSLContext, ca: Path | None) -> None:
    if ca is None:
        context.load_default_certs()
        return
    try:
        context.load_verify_locations(ca)
    except ssl.SSLError as error:
        raise ApispyError(
            f"{ca}: expected CA certificates in PEM, found something else ({_short(error)}). "
            "Type --tlscacert FILE with the CA of the daemon."
        ) from error
    except OSError as error:
        raise _unreadable(ca, error) from error


def _load_pair(context: ssl.SSLContext, cert: Path, key: Path) -> None:
    for file in (cert, key):
        try:
            file.open("rb").close()  # load_cert_chain does not say which of the two it could not open
        except OSError as error:
            raise _unreadable(file, error) from error
    try:
        context.load_cert_chain(cert, key, password=lambda: "")  # never ask on the terminal
    except (ssl.SSLError, ValueError) as error:
        raise ApispyError(
            f"{cert} and {key}: expected a certificate and its own unencrypted key in PEM, found otherwise "
            f"({_short(error)}). Type --tlscert FILE --tlskey FILE with two that belong together."
        ) from error


def _unreadable(file: Path, error: OSError) -> ApispyError:
    return ApispyError(f"{file}: {error.strerror or error}. Check the path and that you may read it.")


def _short(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    return str(reason or error).replace("_", " ").lower()
