"""The targets of printed curl commands, and the files with their request bodies."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from apispy import endpoints, system
from apispy.endpoints import Endpoint, Listen
from apispy.errors import ApispyError
from apispy.outputs import Target
from apispy.structs import replace

if TYPE_CHECKING:
    from apispy.certs import ServerFiles


def daemon_target(daemon: Endpoint) -> Target:
    """Target curl at the daemon itself."""
    if daemon.kind == "unix":
        return Target(socket=daemon.path)
    if daemon.kind == "npipe":
        return Target(impossible=f"curl cannot connect to a named pipe, {daemon}")
    if daemon.kind == "ssh":
        return Target(
            impossible="curl cannot connect over ssh; --curl=via prints commands that go through apispy"
        )
    address = Endpoint("tcp", daemon.host, daemon.port, "", "", None)
    base = str(address).removeprefix("tcp")
    if daemon.tls is None:
        return Target(base=f"http{base}")
    ca, cert, key = (str(path) if path else "" for path in (daemon.tls.ca, daemon.tls.cert, daemon.tls.key))
    verify = daemon.tls.verify
    return Target("", f"https{base}", ca if verify else "", cert, key, insecure=not verify)


def apispy_target(where: Listen, files: "ServerFiles | None") -> Target:
    """Target curl at the listener of apispy."""
    if where.kind == "unix":
        return Target(socket=where.path)
    if where.kind == "npipe":
        return Target(impossible=f"curl cannot connect to a named pipe, {where}; type --listen 2377")
    base = str(replace(endpoints.client_address(where), base="")).removeprefix("tcp")  # the request has it
    if files is None:
        return Target(base=f"http{base}")
    client = files.ca.parent
    return Target("", f"https{base}", str(files.ca), str(client / "cert.pem"), str(client / "key.pem"))


class BodyFiles:
    """Files with request bodies in *directory* (created with mode 0700 if missing), readable only by this user.

    Raises ApispyError if the directory cannot be created.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory.absolute()
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ApispyError(
                f"--bodies {directory}: {error.strerror}; name a directory where you may write"
            ) from error

    def keep(self, name: str, data: bytes) -> str:
        """Write the file *name* and return its path. An existing file is replaced, a symbolic link is not followed."""
        path = self._directory / name
        with open(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | system.O_NOFOLLOW, 0o600), "wb"
        ) as file:
            file.write(data)
        return str(path)
