"""Where a command of ours listens: how safe that is, and how clients get there. Imports ``certs`` only for TLS."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from apispy import endpoints
from apispy.endpoints import Endpoint, Listen, client_environment, instances, shells
from apispy.errors import UsageError

if TYPE_CHECKING:
    from apispy.certs import ServerFiles


def listener_files(
    where: Listen, certs_dir: Path | None, plaintext: bool = False, allow_remote: bool = False
) -> "ServerFiles | None":
    """The listener's certificates, made if need be; None for plaintext. Raises UsageError when that is not safe."""
    if where.kind == "unix":
        return None
    if plaintext and not where.loopback and not allow_remote:
        raise UsageError(
            f"--listen-plaintext on {where}: other machines could reach it, and whoever can connect is root on the "
            "Docker host. Listen on 127.0.0.1, leave --listen-plaintext out (then TLS with client certificates is "
            "used), or accept that by adding --insecure-allow-remote-plaintext."
        )
    if plaintext:
        return None
    from apispy import certs  # cryptography: 0.1 s of imports

    return certs.open_store(certs_dir or certs.default_dir()).server_for(endpoints.certificate_hosts(where))


def refuse_loop(where: Listen, daemon: Endpoint) -> None:
    """Raise UsageError when *daemon* is where apispy itself is to listen, as in a shell that ``apispy env`` has set."""
    if str(daemon) == str(endpoints.client_address(where)):
        raise UsageError(
            f"{daemon} is where apispy itself is to listen: it would dial itself. Name the daemon with --upstream, or "
            'type: eval "$(apispy env --unset)"'
        )


def exports(where: Listen, files: "ServerFiles | None") -> list[str]:
    """The lines to paste into a POSIX shell so that docker clients come to *where*."""
    wanted = client_environment.variables_for(
        instances.client_endpoint(where, files.ca.parent if files else None)
    )
    gone = [name for name, value in wanted.items() if value is None]
    there = {name: value for name, value in wanted.items() if value is not None}
    return [f"unset {' '.join(gone)}", *shells.SHELLS["sh"].commands(there)]


def protection(where: Listen, files: "ServerFiles | None") -> str:
    """How safe the listener is, in words for the start-up lines."""
    if where.kind == "unix":
        return "only for this user"
    if files is not None:
        return f"TLS, only for clients with a certificate of {files.ca}"
    if where.loopback:
        return "PLAINTEXT: everybody on this machine who connects is root on the Docker host"
    return "PLAINTEXT AND REMOTE: everybody who can reach this port is root on the Docker host"


def environment(where: Listen, files: "ServerFiles | None", ours: Mapping[str, str]) -> dict[str, str]:
    """*ours*, changed so that every docker client comes to *where*."""
    wanted = client_environment.variables_for(
        instances.client_endpoint(where, files.ca.parent if files else None)
    )
    found = {name: value for name, value in ours.items() if name not in wanted}
    return found | {name: value for name, value in wanted.items() if value is not None}


@contextmanager
def private_listener(tcp: bool) -> Iterator[Listen]:
    """A free port, or a socket in a directory that only this user can enter."""
    if tcp:
        yield Listen("tcp", "127.0.0.1", 0, "")
        return
    with tempfile.TemporaryDirectory(prefix="apispy-", ignore_cleanup_errors=True) as directory:
        yield Listen("unix", "", 0, f"{directory}/docker.sock")
