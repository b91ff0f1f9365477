"""Dialling a daemon: a connected socket for tcp, unix, npipe and ssh, and the TLS context to wrap it in."""

import shlex
import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

from apispy import system
from apispy.endpoints.address import Endpoint
from apispy.endpoints.named_pipes import pipe_socket
from apispy.errors import ApispyError

READ_SIZE = 64 << 10
"""Bytes that are read at a time."""


def connect(endpoint: Endpoint, timeout: float | None = None) -> socket.socket:
    """Return a connected socket without TLS; ``timeout`` (seconds, None: none) also stays set on it.

    Raises the system's OSError or UnicodeError (``diagnose`` explains it). The ssh process of an ssh endpoint ends
    when the socket is closed.
    """
    if endpoint.kind == "ssh":
        sock, child = ssh_socket(endpoint)
        threading.Thread(target=_reap, args=(child,), daemon=True, name="apispy-ssh").start()
        sock.settimeout(timeout)
        return sock
    if endpoint.kind == "tcp":
        sock = socket.create_connection((endpoint.host, endpoint.port), timeout)
        sock.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )  # Go's default, so the docker CLI does the same
        return sock
    if endpoint.kind == "npipe":
        return pipe_socket(endpoint.path, timeout)
    return _connect_unix(endpoint.path, timeout)


def _reap(child: subprocess.Popen[bytes]) -> None:
    """Wait for ssh to end, so that it leaves no zombie."""
    with child:
        child.wait()


def _connect_unix(path: str, timeout: float | None) -> socket.socket:
    sock = system.unix_socket()
    try:
        sock.settimeout(timeout)
        sock.connect(path)
    except BaseException:
        sock.close()
        raise
    return sock


def ssh_command(endpoint: Endpoint) -> list[str]:
    """Return the command that the docker CLI runs for an ssh address (docker/cli, cli/connhelper)."""
    user = ["-l", endpoint.user] if endpoint.user else []
    port = ["-p", str(endpoint.port)] if endpoint.port else []
    # The remote shell parses these words again, so unusual characters in the path need quotes.
    host = ["--host=unix://" + shlex.quote(endpoint.path)] if endpoint.path else []
    remote = ["docker", *host, "system", "dial-stdio"]
    return ["ssh", "-o", "ConnectTimeout=30", "-T", *user, *port, "--", endpoint.host, *remote]


def ssh_socket(endpoint: Endpoint) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start ssh; its stdin and stdout are the other end of the socket. OSError if there is no ``ssh``.

    ``ssh_stderr`` reads what ssh writes to stderr. ssh runs in its own session: Ctrl-C in the terminal does not reach
    it, and it cannot prompt for a password there.
    """
    ours, theirs = socket.socketpair()
    # A file, not a pipe: ssh never blocks on it, even if nothing reads it.
    errors = system.temporary_file()  # which lives as long as the child
    try:
        if not system.can_inherit_sockets():
            child = _joined(ssh_command(endpoint), theirs, errors)
        else:
            with theirs:
                fd = theirs.fileno()
                child = subprocess.Popen(
                    ssh_command(endpoint), stdin=fd, stdout=fd, stderr=errors, **system.own_group()
                )
    except BaseException:
        ours.close()
        theirs.close()
        errors.close()
        raise
    child.stderr = errors
    return ours, child


def _joined(command: list[str], theirs: socket.socket, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start *command* with pipes, which threads join to the socket: a child on Windows cannot have it as stdin."""
    child = subprocess.Popen(
        command, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, **system.own_group()
    )
    stdin, stdout = child.stdin, child.stdout
    assert stdin is not None
    assert stdout is not None

    def send() -> None:
        with stdin, suppress(OSError):
            while data := theirs.recv(READ_SIZE):
                stdin.write(data)

    def receive() -> None:
        with theirs, stdout, suppress(OSError):
            while data := stdout.read(READ_SIZE):
                theirs.sendall(data)
            theirs.shutdown(socket.SHUT_RDWR)  # send, which may be waiting for more, ends too

    for work in (send, receive):
        threading.Thread(target=work, daemon=True, name="apispy-ssh").start()
    return child


def ssh_stderr(child: subprocess.Popen[bytes]) -> str:
    """Return the last output of ssh, or of docker on the remote machine, to stderr: at most 2000 bytes, or empty."""
    if child.stderr is None or child.stderr.closed:
        return ""
    return system.read_tail(child.stderr.fileno(), 2000).decode("utf-8", "replace").strip()


def tls_context(endpoint: Endpoint) -> ssl.SSLContext:
    """Return a context as strict as the docker CLI's: TLS 1.2 or later, only the endpoint's CA, only names in the SAN.

    ApispyError names a file that cannot be used. ValueError if the endpoint has no TLS.
    """
    if endpoint.tls is None:
        raise ValueError(f"{endpoint} is without TLS")
    tls = endpoint.tls
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.verify:
        context.hostname_checks_common_name = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # Go trusts every certificate in the pool
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
            file.open("rb").close()  # load_cert_chain does not say which of the two files failed
        except OSError as error:
            raise _unreadable(file, error) from error
    try:
        context.load_cert_chain(cert, key, password=lambda: "")  # never prompt on the terminal
    except (ssl.SSLError, ValueError) as error:
        raise ApispyError(
            f"{cert} and {key}: expected a certificate and its own unencrypted key in PEM, found something else "
            f"({_short(error)}). Type --tlscert FILE --tlskey FILE with a matching pair."
        ) from error


def _unreadable(file: Path, error: OSError) -> ApispyError:
    return ApispyError(f"{file}: {error.strerror or error}. Check the path, and that you can read it.")


def _short(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    return str(reason or error).replace("_", " ").lower()
