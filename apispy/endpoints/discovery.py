"""The daemons that this machine knows: contexts, machines, saved names, and sockets and pipes of known programs."""

import fnmatch
import glob
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
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
from apispy.structs import Struct

SOCKETS = (
    ("Docker", "/var/run/docker.sock"),
    ("Docker, rootless", "{runtime}/docker.sock"),
    ("Docker Desktop", "{home}/.docker/run/docker.sock"),  # macOS
    ("Docker Desktop", "{home}/.docker/desktop/docker.sock"),  # Linux
    ("Docker Desktop, WSL", "{wsl}/docker-desktop/shared-sockets/guest-services/docker.proxy.sock"),
    ("Podman", "/run/podman/podman.sock"),
    ("Podman, rootless", "{runtime}/podman/podman.sock"),
    ("Podman machine", "{data}/containers/podman/machine/podman.sock"),
    ("Podman machine", "{data}/containers/podman/machine/*/podman.sock"),
    ("Podman machine", "{temporary}/podman/*-api.sock"),  # macOS
    ("Podman machine", "{runtime}/podman/*-api.sock"),  # Linux
    ("Colima", "{colima}/*/docker.sock"),
    ("Colima", "{home}/.colima/*/docker.sock"),
    ("Colima", "{home}/.colima/docker.sock"),  # 0.3 and older
    ("Colima", "{config}/colima/*/docker.sock"),
    ("Rancher Desktop", "{home}/.rd/docker.sock"),
    ("Rancher Desktop, WSL", "{wsl}/rancher-desktop/run/docker.sock"),
    ("Lima", "{lima}/*/sock/docker.sock"),
    ("OrbStack", "{home}/.orbstack/run/docker.sock"),
)
"""(program, path of its socket); ``*`` matches any name. docs/endpoints.md says which source each is from."""

PIPES = (
    ("Docker", "docker_engine"),
    ("Docker Desktop", "dockerDesktopLinuxEngine"),
    ("Docker Desktop", "docker_engine_linux"),
    ("Docker Desktop, Windows containers", "dockerDesktopWindowsEngine"),
    ("Docker Desktop, Windows containers", "docker_engine_windows"),
    ("Podman machine", "podman-*"),
)
"""(program, name of its named pipe on Windows); ``*`` matches any text. docs/endpoints.md has their sources."""

_SHARED_BY_WSL = "/mnt/wsl"
"""What the distributions of WSL 2 share, in each of them."""

_MAX_PARALLEL_PROBES = 16


class KnownDaemon(Struct, frozen=True):
    """A daemon that has a name or a socket file on this machine.

    ``name``: what to type after --upstream, empty for a socket. ``current``: the default when nothing is typed.
    ``endpoint`` is None if the name cannot be resolved, because of ``problem``.
    """

    name: str
    kind: str
    endpoint: Endpoint | None
    current: bool = False
    problem: str = ""


class ProbeResult(Struct, frozen=True):
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
    directories = {name: glob.escape(path) for name, path in socket_directories(environ, home).items()}
    kinds: dict[str, str] = {}  # by path: two patterns may match one
    for kind, pattern in SOCKETS:
        for path in sorted(glob.glob(pattern.format(**directories))):
            kinds.setdefault(path, kind)
    for path, kind in kinds.items():
        yield KnownDaemon("", kind, Endpoint("unix", "", 0, path, "", None))


def socket_directories(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return the directories in the paths of SOCKETS, by name."""
    found = {
        "runtime": environ.get("XDG_RUNTIME_DIR") or "/nonexistent",
        "temporary": environ.get("TMPDIR") or "/nonexistent",
        "home": str(home),
        # Colima and Podman use these directories of the XDG specification on macOS too.
        "config": environ.get("XDG_CONFIG_HOME") or f"{home}/.config",
        "data": environ.get("XDG_DATA_HOME") or f"{home}/.local/share",
        "colima": environ.get("COLIMA_HOME") or "/nonexistent",
        "lima": environ.get("LIMA_HOME") or f"{home}/.lima",
        "wsl": _SHARED_BY_WSL,
    }
    return {name: path.rstrip("/") for name, path in found.items()}  # TMPDIR of macOS ends with a slash


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
