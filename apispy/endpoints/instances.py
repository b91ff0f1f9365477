"""The apispys that run on this machine for this user: one small file for each, gone with it.

The file is locked as long as its process lives, and the system takes the lock away however that ends. So a file that
can be locked is left over; no process id has to be trusted, which another process may have by now.
"""

import fcntl
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apispy.endpoints.address import TLS, Endpoint
from apispy.endpoints.files import make_directory
from apispy.endpoints.listener_address import Listen, dialled_as, listen
from apispy.errors import ApispyError, UsageError

SUFFIX = ".json"


@dataclass(frozen=True)
class RunningInstance:
    """``started`` in Unix seconds; ``certs``: the directory of ca.pem, cert.pem and key.pem for its clients."""

    pid: int
    started: float
    listen: Listen
    certs: Path | None
    daemon: str

    @property
    def endpoint(self) -> Endpoint:
        """As clients dial it."""
        return client_endpoint(self.listen, self.certs)

    @property
    def key(self) -> str:
        """What to type to choose it: its port or its socket."""
        return str(self.listen.port) if self.listen.kind == "tcp" else self.listen.path

    def called(self, text: str) -> bool:
        """Whether *text* is its port, socket, address or process id."""
        return text in (self.key, str(self.listen), str(self.endpoint), str(self.pid))


def client_endpoint(where: Listen, certs: Path | None) -> Endpoint:
    """The listener at *where*, as clients dial it with the files in *certs* (None: without TLS)."""
    address = dialled_as(where)
    tls = TLS(True, certs / "ca.pem", certs / "cert.pem", certs / "key.pem") if certs else None
    return Endpoint(address.kind, address.host, address.port, address.path, "", tls)


def directories(environ: Mapping[str, str], home: Path) -> list[Path]:
    """Where the files are; new ones are put into the first."""
    found = []
    if (runtime := environ.get("XDG_RUNTIME_DIR", "")).startswith("/") and os.path.isdir(runtime):
        found.append(Path(runtime, "apispy"))
    data = environ.get("XDG_DATA_HOME", "")
    found.append(Path(data if data.startswith("/") else home / ".local/share", "apispy/running"))
    return found


@contextmanager
def registered(
    where: Listen, certs: Path | None, daemon: Endpoint | str, environ: Mapping[str, str], home: Path
) -> Iterator[None]:
    """Let others find this process for as long as the context lasts; *daemon*: what it stands for.

    ApispyError when the file cannot be written.
    """
    directory = directories(environ, home)[0]
    make_directory(directory)
    entry = {"pid": os.getpid(), "started": time.time(), "listen": str(where), "daemon": str(daemon)}
    try:
        path, fd = _locked(directory, entry | {"certs": str(certs.absolute()) if certs else None})
    except OSError as error:
        raise ApispyError(f"{directory}: {error.strerror or error}; see that you may write there.") from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(fd)


def _locked(directory: Path, entry: dict[str, Any]) -> tuple[Path, int]:
    """A new file, 0600, which has its name only when it is complete and locked."""
    fd, temporary = tempfile.mkstemp(suffix=".tmp", dir=directory)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(fd, json.dumps(entry).encode())
        path = Path(temporary).with_suffix(SUFFIX)
        os.rename(temporary, path)
        return path, fd
    except BaseException:
        os.unlink(temporary)
        os.close(fd)
        raise


def running(environ: Mapping[str, str], home: Path) -> list[RunningInstance]:
    """All that run now, the oldest first. What others left over is removed."""
    files = [file for directory in directories(environ, home) for file in directory.glob(f"*{SUFFIX}")]
    found = [entry for file in files if (entry := _read(file))]
    return sorted(found, key=lambda entry: entry.started)


def _read(file: Path) -> RunningInstance | None:
    """None for a file that is left over, of another user, or none of ours."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, UsageError):
        fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        with os.fdopen(fd, "rb") as opened:
            if os.fstat(fd).st_uid != os.geteuid():
                return None
            if _lockable(fd):
                file.unlink(missing_ok=True)
                return None
            said = json.loads(opened.read(1 << 16))
        certs = Path(said["certs"]) if said["certs"] else None
        return RunningInstance(
            int(said["pid"]), float(said["started"]), listen(said["listen"]), certs, str(said["daemon"])
        )
    return None


def _lockable(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def choose(entries: list[RunningInstance], text: str | None, command: str) -> RunningInstance | None:
    """The one that *text* names, or the only one. None: *text* names none of them.

    UsageError when there is no choice to make, or one to be made: *command* is what to type it after.
    """
    fitting = entries if text is None else [entry for entry in entries if entry.called(text)]
    if len(fitting) == 1:
        return fitting[0]
    if text is not None and not fitting:
        return None
    if not fitting:
        raise UsageError("No apispy is running for this user. Start one in another terminal: apispy")
    rows = "".join(
        f"\n  {command} {entry.key}  (pid {entry.pid}, {entry.listen} to {entry.daemon})" for entry in fitting
    )
    raise UsageError(f"Several apispys are running. Choose one:{rows}")
