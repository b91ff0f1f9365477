"""The daemons that this machine knows: contexts, machines, saved names, and sockets and pipes of known programs."""

import fnmatch
import glob
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from apispy import system
from apispy.endpoints import contexts
from apispy.endpoints.address import Endpoint
from apispy.endpoints.diagnosis import DaemonError
from apispy.endpoints.machines import Machines
from apispy.endpoints.probe import Daemon, probe
from apispy.endpoints.saved_names import SavedNames
from apispy.endpoints.upstream import CONTEXT_PREFIX, MACHINE_PREFIX, upstream
from apispy.errors import ApispyError

SOCKETS = (
    ("Docker", "/var/run/docker.sock"),
    ("Docker, rootless", "{runtime}/docker.sock"),
    ("Docker Desktop", "{home}/.docker/run/docker.sock"),
    ("Docker Desktop", "{home}/.docker/desktop/docker.sock"),
    ("Podman", "/run/podman/podman.sock"),
    ("Podman, rootless", "{runtime}/podman/podman.sock"),
    ("Podman machine", "{home}/.local/share/containers/podman/machine/podman.sock"),
    ("Podman machine", "{home}/.local/share/containers/podman/machine/*/podman.sock"),
    ("Podman machine", "{temporary}/podman/*-api.sock"),
    ("Colima", "{home}/.colima/*/docker.sock"),
    ("Colima", "{home}/.config/colima/*/docker.sock"),
    ("Rancher Desktop", "{home}/.rd/docker.sock"),
    ("Lima", "{home}/.lima/*/sock/docker.sock"),
    ("OrbStack", "{home}/.orbstack/run/docker.sock"),
)
"""(program, path of its socket as its documentation gives it); ``*`` matches any name."""

PIPES = (
    ("Docker", "docker_engine"),
    ("Docker Desktop", "dockerDesktopLinuxEngine"),
    ("Docker Desktop, Windows containers", "dockerDesktopWindowsEngine"),
    ("Podman machine", "podman-machine-*"),
)
"""(program, name of its named pipe on Windows); ``*`` matches any text."""

_MAX_PARALLEL_PROBES = 16


@dataclass(frozen=True)
class KnownDaemon:
    """A daemon that has a name or a socket file on this machine.

    ``name``: what to type after --upstream, empty for a socket. ``current``: the default when nothing is typed.
    ``endpoint`` is None if the name cannot be resolved, because of ``problem``.
    """

    name: str
    kind: str
    endpoint: Endpoint | None
    current: bool = False
    problem: str = ""


@dataclass(frozen=True)
class ProbeResult:
    """A known daemon and its response, or the ``problem`` on one line."""

    known: KnownDaemon
    daemon: Daemon | None
    problem: str


def discover(environ: Mapping[str, str], home: Path) -> list[KnownDaemon]:
    """List, without dialling: "default" and the other contexts, machines, saved names, sockets and pipes that exist.

    A socket that has a name is not listed twice. ApispyError if the file of saved names is damaged.
    """
    current = CONTEXT_PREFIX + contexts.current(environ, home)
    found = [
        _resolved(name, kind, name == current, partial(upstream, name, environ=environ, home=home))
        for name, kind in names(environ, home)
    ]
    named = {entry.endpoint for entry in found}
    return found + [socket for socket in _sockets(environ, home) if socket.endpoint not in named]


def names(environ: Mapping[str, str], home: Path) -> list[tuple[str, str]]:
    """List (what to type after --upstream, kind) of everything with a name. ApispyError as for ``discover``."""
    store = contexts.Store.of(environ, home)
    return [
        *((CONTEXT_PREFIX + name, "context") for name in [contexts.DEFAULT, *store.names()]),
        *((MACHINE_PREFIX + name, "machine") for name in Machines.of(environ, home).names()),
        *((name, "saved") for name in SavedNames.of(environ, home).names()),
    ]


def _resolved(name: str, kind: str, current: bool, read: Callable[[], Endpoint]) -> KnownDaemon:
    try:
        return KnownDaemon(name, kind, read(), current)
    except ApispyError as error:
        return KnownDaemon(name, kind, None, current, str(error))


def _sockets(environ: Mapping[str, str], home: Path) -> Iterator[KnownDaemon]:
    pipes = system.pipe_names()
    for kind, pattern in PIPES:
        for name in fnmatch.filter(pipes, pattern):
            yield KnownDaemon("", kind, Endpoint("npipe", "", 0, f"//./pipe/{name}", "", None))
    if not system.has_unix_sockets():
        return
    directories = socket_directories(environ, home)
    for kind, pattern in SOCKETS:
        filled = pattern.format(**{name: glob.escape(path) for name, path in directories.items()})
        for path in sorted(glob.glob(filled)):
            yield KnownDaemon("", kind, Endpoint("unix", "", 0, path, "", None))


def socket_directories(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return the directories in the paths of SOCKETS, by name."""
    return {
        "runtime": environ.get("XDG_RUNTIME_DIR") or "/nonexistent",
        "temporary": environ.get("TMPDIR") or "/nonexistent",
        "home": str(home),
    }


def probe_all(entries: Iterable[KnownDaemon], timeout: float = 2.0) -> list[ProbeResult]:
    """Probe all in parallel with ``timeout`` seconds per step; the results are in the order of *entries*."""
    with ThreadPoolExecutor(_MAX_PARALLEL_PROBES, "probe") as pool:
        return list(pool.map(lambda entry: _probe(entry, timeout), entries))


def _probe(entry: KnownDaemon, timeout: float) -> ProbeResult:
    if entry.endpoint is None:
        return ProbeResult(entry, None, entry.problem)
    try:
        return ProbeResult(entry, probe(entry.endpoint, timeout), "")
    except DaemonError as error:
        return ProbeResult(entry, None, error.problem)
    except ApispyError as error:  # a TLS file that cannot be loaded
        return ProbeResult(entry, None, str(error))
