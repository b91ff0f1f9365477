"""The running apispy instances of this user on this machine: one small file each, which disappears with the process.

The process locks its file, and the system releases the lock however the process ends. So a file that can be locked is
stale. Process ids are not used for this, because another process may have the same id by now.
"""

import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from apispy import system
from apispy.endpoints.address import TLS, Endpoint
from apispy.endpoints.files import make_directory
from apispy.endpoints.listener_address import Listen, client_address, listen
from apispy.errors import ApispyError, UsageError
from apispy.structs import Struct, replace

SUFFIX = ".json"


class RunningInstance(Struct, frozen=True):
    """A running apispy. ``started`` in Unix seconds; ``certs``: directory of its clients' ca.pem, cert.pem, key.pem."""

    pid: int
    started: float
    listen: Listen
    certs: Path | None
    daemon: str

    @property
    def endpoint(self) -> Endpoint:
        """Its address and TLS files for clients."""
        return client_endpoint(self.listen, self.certs)

    @property
    def key(self) -> str:
        """The port or socket path that selects it."""
        return str(self.listen.port) if self.listen.kind == "tcp" else self.listen.path

    def matches(self, text: str) -> bool:
        """Return whether *text* is its port, socket, address or process id."""
        without_base = str(replace(self.listen, base=""))
        return text in (self.key, without_base, str(self.listen), str(self.endpoint), str(self.pid))


def client_endpoint(where: Listen, certs: Path | None) -> Endpoint:
    """Return the endpoint by which clients reach *where*, with the TLS files in *certs* (None: without TLS)."""
    address = client_address(where)
    tls = TLS(True, certs / "ca.pem", certs / "cert.pem", certs / "key.pem") if certs else None
    return Endpoint(address.kind, address.host, address.port, address.path + address.base, "", tls)


def directories(environ: Mapping[str, str], home: Path) -> list[Path]:
    """Return the directories of the files; new files go to the first."""
    found = [Path(runtime, "apispy")] if (runtime := _runtime_directory(environ)) else []
    return [*found, system.data_home(environ, home) / "apispy/running"]


def _runtime_directory(environ: Mapping[str, str]) -> str:
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    return runtime if os.path.isabs(runtime) and os.path.isdir(runtime) else ""


@contextmanager
def registered(
    where: Listen, certs: Path | None, daemon: Endpoint | str, environ: Mapping[str, str], home: Path
) -> Iterator[None]:
    """Let other processes find this one while the context lasts; *daemon*: the daemon or capture that it serves.

    ApispyError if the file cannot be written.
    """
    directory = directories(environ, home)[0]
    make_directory(directory)
    entry = {"pid": os.getpid(), "started": time.time(), "daemon": str(daemon)}
    entry |= {"listen": str(replace(where, base="")), "base": where.base}
    try:
        path, fd = _locked(directory, entry | {"certs": str(certs.absolute()) if certs else None})
    except OSError as error:
        raise ApispyError(
            f"{directory}: {error.strerror or error}. Check that you can write there."
        ) from error
    try:
        yield
    finally:
        if system.can_move_open_files():
            path.unlink(missing_ok=True)
        os.close(fd)
        path.unlink(missing_ok=True)


def _locked(directory: Path, entry: dict[str, Any]) -> tuple[Path, int]:
    """Create a file, 0600, which gets its final name once it is complete and locked.

    On Windows it has that name from the start: others cannot remove it while it is open, and find it incomplete.
    """
    fd, temporary = tempfile.mkstemp(suffix=".tmp" if system.can_move_open_files() else SUFFIX, dir=directory)
    try:
        system.try_lock(fd)
        os.write(fd, json.dumps(entry).encode())
        path = Path(temporary).with_suffix(SUFFIX)
        if system.can_move_open_files():
            os.rename(temporary, path)
        return path, fd
    except BaseException:
        os.close(fd)
        os.unlink(temporary)
        raise


def running(environ: Mapping[str, str], home: Path) -> list[RunningInstance]:
    """List the running instances, the oldest first. Removes stale files."""
    files = [file for directory in directories(environ, home) for file in directory.glob(f"*{SUFFIX}")]
    found = [entry for file in files if (entry := _read(file))]
    return sorted(found, key=lambda entry: entry.started)


def _read(file: Path) -> RunningInstance | None:
    """Read the file of an instance; None if it is stale, another user's, or not apispy's."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, UsageError):
        fd = os.open(file, os.O_RDONLY | system.O_CLOEXEC | system.O_NONBLOCK | system.O_NOFOLLOW)
        with os.fdopen(fd, "rb") as opened:
            if not system.is_own(os.fstat(fd)):
                return None
            stale = system.try_lock(fd, shared=True)
            data = opened.read(1 << 16)
        if stale:
            file.unlink(missing_ok=True)
            return None
        entry = json.loads(data)
        certs = Path(entry["certs"]) if entry["certs"] else None
        where = replace(listen(entry["listen"]), base=str(entry.get("base", "")))
        return RunningInstance(int(entry["pid"]), float(entry["started"]), where, certs, str(entry["daemon"]))
    return None


def choose(entries: list[RunningInstance], text: str | None, command: str) -> RunningInstance | None:
    """Return the instance that *text* names, or the only one; None if *text* matches none.

    UsageError if none is running, or several match: the message lists what to type after *command*.
    """
    matching = entries if text is None else [entry for entry in entries if entry.matches(text)]
    if len(matching) == 1:
        return matching[0]
    if text is not None and not matching:
        return None
    if not matching:
        raise UsageError("No apispy is running for this user. Start one in another terminal: apispy")
    rows = "".join(
        f"\n  {command} {entry.key}  (pid {entry.pid}, {entry.listen} to {entry.daemon})"
        for entry in matching
    )
    raise UsageError(f"Several apispy instances are running. Choose one:{rows}")
