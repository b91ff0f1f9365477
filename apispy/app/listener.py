"""The listener of a session: its certificates, security and client settings. Imports ``certs`` only for TLS."""

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from apispy import endpoints, system
from apispy.endpoints import Endpoint, Listen, client_environment, instances, shells
from apispy.errors import UsageError
from apispy.structs import replace

if TYPE_CHECKING:
    from apispy.certs import ServerFiles


def listener_files(
    where: Listen, certs_dir: Path | None, plaintext: bool = False, allow_remote: bool = False
) -> "ServerFiles | None":
    """Return the listener's certificates, created if missing; None for a local socket or plaintext.

    Raises UsageError if plaintext is unsafe: on an address that other machines can reach, unless *allow_remote*.
    """
    if where.is_local:
        return None
    if plaintext and not where.loopback and not allow_remote:
        raise UsageError(
            f"--listen-plaintext on {where}: other machines could reach it, and anyone who can connect is root on the "
            "Docker host. Listen on 127.0.0.1, leave out --listen-plaintext (apispy then uses TLS with client "
            "certificates), or accept the risk with --insecure-allow-remote-plaintext."
        )
    if plaintext:
        return None
    from apispy import certs  # cryptography: 0.1 s of imports

    return certs.open_store(certs_dir or certs.default_dir()).server_for(endpoints.certificate_hosts(where))


def refuse_loop(where: Listen, daemon: Endpoint) -> None:
    """Raise UsageError if *daemon* is apispy's own listener, as in a shell where `apispy env` was evaluated."""
    address = replace(daemon, path="") if daemon.kind == "tcp" else daemon
    if str(address) == str(endpoints.client_address(where)):
        raise UsageError(
            f"{daemon} is the address where apispy itself listens: it would dial itself. Name the daemon with "
            '--upstream, or type: eval "$(apispy env --unset)"'
        )


def shell_lines(where: Listen, files: "ServerFiles | None") -> list[str]:
    """Return the lines to paste into a shell, PowerShell on Windows, so that docker clients connect to *where*."""
    wanted = client_variables(where, files)
    if system.default_shell() != "sh":
        return shells.SHELLS[system.default_shell()].commands(wanted)
    unset = [name for name, value in wanted.items() if value is None]
    values = {name: value for name, value in wanted.items() if value is not None}
    return [f"unset {' '.join(unset)}", *shells.SHELLS["sh"].commands(values)]


def describe_listener(where: Listen, files: "ServerFiles | None") -> str:
    """Describe the security of the listener, for the start-up lines."""
    if where.group:
        return f"this user, and the members of the group {where.group}: they are root on the Docker host"
    if where.is_local:
        return "this user only" if where.kind == "unix" else "this user and administrators only"
    if files is not None:
        return f"TLS, only clients with a certificate from {files.ca}"
    if where.loopback:
        return "PLAINTEXT: anyone on this machine who connects is root on the Docker host"
    return "PLAINTEXT AND REMOTE: anyone who can reach this port is root on the Docker host"


def client_variables(where: Listen, files: "ServerFiles | None" = None) -> dict[str, str | None]:
    """Return the variables that send docker clients to *where*, by name; None is a variable to unset."""
    return client_environment.variables_for(
        instances.client_endpoint(where, files.ca.parent if files else None)
    )


def client_environ(where: Listen, files: "ServerFiles | None", environ: Mapping[str, str]) -> dict[str, str]:
    """Return *environ*, changed so that every docker client connects to *where*."""
    wanted = client_variables(where, files)
    found = {name: value for name, value in environ.items() if name not in wanted}
    return found | {name: value for name, value in wanted.items() if value is not None}


@contextmanager
def private_listener(tcp: bool, daemon: Endpoint | None = None) -> Iterator[Listen]:
    """Provide a listener for one command: a socket in a directory of this user only, or a free port.

    On Windows it is a named pipe instead of a socket. It is a port if *tcp*, or if *daemon* has a base path, which
    docker cannot use with a local socket.
    """
    if tcp or (daemon is not None and daemon.kind == "tcp" and daemon.path):
        yield Listen("tcp", "127.0.0.1", 0, "")
        return
    if not system.has_unix_sockets():
        yield Listen("npipe", "", 0, f"//./pipe/apispy-{secrets.token_hex(8)}")
        return
    with tempfile.TemporaryDirectory(prefix="apispy-", ignore_cleanup_errors=True) as directory:
        yield Listen("unix", "", 0, f"{directory}/docker.sock")
