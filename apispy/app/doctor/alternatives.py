"""Settings under which a daemon responds, found by trying them: a cure that was tried works."""

import shlex
import socket
from collections.abc import Iterator
from pathlib import Path

from apispy.app.doctor.base import CheckContext
from apispy.endpoints import TLS, Daemon, Endpoint, connect, is_loopback, probe, tls_context
from apispy.endpoints.client_environment import variables_for
from apispy.endpoints.contexts import Store
from apispy.endpoints.discovery import KnownDaemon, discover, probe_all
from apispy.endpoints.machines import Machines
from apispy.endpoints.upstream import CONTEXT_PREFIX
from apispy.errors import ApispyError
from apispy.structs import replace

TIMEOUT = 2.0
"""Seconds for each step of a try."""
MAX_DIRECTORIES = 8


def responding_settings(context: CheckContext, endpoint: Endpoint) -> tuple[str, str]:
    """Return (what to do, the command) for a TCP address that responds with other TLS settings; empty if none does.

    Tried in this order: without TLS if the port does not speak it, the TLS files of each directory that may have them,
    the names in the certificate.
    """
    if endpoint.kind != "tcp":
        return "", ""
    for what, other in _settings(context, endpoint):
        if _responds(other):
            return what, switch_to(context, other)
    return "", ""


def _settings(context: CheckContext, endpoint: Endpoint) -> Iterator[tuple[str, Endpoint]]:
    certificate = _certificate(endpoint)
    if certificate is None and endpoint.tls:
        yield "Use no TLS with this port", replace(endpoint, tls=None)
    for directory in tls_directories(context):
        tls = TLS(True, *(_if_file(directory / f"{name}.pem") for name in ("ca", "cert", "key")))
        if tls.ca and (tls.cert is None) == (tls.key is None):
            yield f"Use the TLS files in {directory}", replace(endpoint, tls=tls)
    if certificate and endpoint.tls and endpoint.tls.verify:
        for name in _names(certificate):
            yield f"Use a name that the certificate has, such as {name}", replace(endpoint, host=name)


def tls_directories(context: CheckContext) -> list[Path]:
    """Return the directories that may have ca.pem, cert.pem and key.pem of a daemon, the likeliest first."""
    store, machines = Store.of(context.environ, context.home), Machines.of(context.environ, context.home)
    places = [
        Path(context.environ.get("DOCKER_CERT_PATH") or store.config),
        store.config,
        context.certs_dir,
        *sorted(store.config.glob("*/")),  # a directory for each daemon, as docker's documentation has it
        *(machines.directory(name) for name in machines.names()),
        *(store.tls_dir(name) for name in store.names()),
    ]
    return [place for place in dict.fromkeys(places) if (place / "ca.pem").is_file()][:MAX_DIRECTORIES]


def other_daemon(context: CheckContext) -> tuple[str, str]:
    """Return (what to do, the command) to use another daemon that responds on this machine; empty if none does."""
    try:
        known = [entry for entry in discover(context.environ, context.home) if _is_local(entry.endpoint)]
    except ApispyError:
        return "", ""
    tried = [entry for entry in known if entry.endpoint != context.endpoint]
    for result in probe_all(tried, TIMEOUT):
        found, daemon = result.known, result.daemon
        if daemon is not None and found.endpoint is not None:
            name = found.name or f"{found.kind}'s socket {found.endpoint.path}"
            return f"Use {name}, which responds (version {daemon.version})", _switch_to_known(context, found)
    return "", ""


def _is_local(endpoint: Endpoint | None) -> bool:
    """Whether an address is certainly one of this machine: others are not dialled unasked."""
    if endpoint is None or endpoint.kind == "ssh":
        return False
    return endpoint.kind != "tcp" or endpoint.host == "localhost" or is_loopback(endpoint.host)


def _switch_to_known(context: CheckContext, known: KnownDaemon) -> str:
    assert known.endpoint is not None
    name = known.name.removeprefix(CONTEXT_PREFIX)
    if context.typed or not known.name.startswith(CONTEXT_PREFIX):
        return switch_to(context, known.endpoint)
    unset = [each for each in ("DOCKER_HOST", "DOCKER_CONTEXT") if context.environ.get(each, "").strip()]
    first = f"unset {' '.join(unset)}; " if unset else ""
    if context.clis:
        return f"{first}docker context use {name}"
    return f"{first}export DOCKER_CONTEXT={name}"


def switch_to(context: CheckContext, endpoint: Endpoint) -> str:
    """Return the command that makes docker and apispy use *endpoint*; with a typed address, the one for apispy."""
    if context.typed:
        return shlex.join(["apispy", "--upstream", str(endpoint), *_flags(endpoint.tls)])
    try:
        wanted = variables_for(endpoint)
    except ApispyError:
        return ""
    unset = [name for name, value in wanted.items() if not value and context.environ.get(name)]
    set_here = {name: value for name, value in wanted.items() if value and context.environ.get(name) != value}
    parts = [f"unset {' '.join(unset)}"] if unset else []
    if set_here:
        parts.append("export " + " ".join(f"{name}={shlex.quote(value)}" for name, value in set_here.items()))
    return "; ".join(parts)


def _flags(tls: TLS | None) -> list[str]:
    if tls is None:
        return []
    files = {"--tlscacert": tls.ca, "--tlscert": tls.cert, "--tlskey": tls.key}
    given = [word for flag, file in files.items() if file for word in (flag, str(file))]
    return ["--tlsverify" if tls.verify else "--tls", *given]


def unverified(endpoint: Endpoint) -> Daemon | None:
    """Return the response of a daemon whose certificate is not verified: its clock counts, nothing else of it."""
    if endpoint.tls is None:
        return None
    try:
        return probe(replace(endpoint, tls=replace(endpoint.tls, verify=False)), TIMEOUT)
    except (ApispyError, OSError):
        return None


def _responds(endpoint: Endpoint) -> bool:
    try:
        probe(endpoint, TIMEOUT)
    except (ApispyError, OSError):
        return False
    return True


def _certificate(endpoint: Endpoint) -> bytes | None:
    """Return the certificate of a TCP daemon in DER, of which nothing is verified; None if there is none: it does not
    speak TLS, or shows its certificate only to clients that have one.
    """
    unchecked = tls_context(replace(endpoint, tls=TLS(False, None, None, None)))
    try:
        with connect(endpoint, TIMEOUT) as sock, unchecked.wrap_socket(sock) as secured:
            return secured.getpeercert(binary_form=True)
    except (OSError, UnicodeError):
        return None


def _names(certificate: bytes) -> list[str]:
    """Return the host names and addresses in a certificate that resolve here."""
    from apispy.certs import hosts_in

    return [name for name in hosts_in(certificate) if _resolves(name)]


def _resolves(name: str) -> bool:
    try:
        return name.isprintable() and bool(socket.getaddrinfo(name, None))
    except (OSError, UnicodeError):
        return False


def _if_file(path: Path) -> Path | None:
    return path if path.is_file() else None
