"""Every daemon that this machine knows of: saved names, contexts, machines, and the sockets that programs leave."""

import glob
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from apispy.endpoints import contexts
from apispy.endpoints.address import Endpoint
from apispy.endpoints.diagnosis import DaemonError
from apispy.endpoints.machines import Machines
from apispy.endpoints.probe import Daemon, probe
from apispy.endpoints.saved_names import SavedNames
from apispy.endpoints.upstream import CONTEXT, MACHINE, upstream
from apispy.errors import ApispyError

SOCKETS = (
    ("Docker", "/var/run/docker.sock"),
    ("Docker, rootless", "{runtime}/docker.sock"),
    ("Docker Desktop", "{home}/.docker/run/docker.sock"),
    ("Docker Desktop", "{home}/.docker/desktop/docker.sock"),
    ("Podman", "/run/podman/podman.sock"),
    ("Podman, rootless", "{runtime}/podman/podman.sock"),
    ("Colima", "{home}/.colima/*/docker.sock"),
    ("Colima", "{home}/.config/colima/*/docker.sock"),
    ("Rancher Desktop", "{home}/.rd/docker.sock"),
    ("Lima", "{home}/.lima/*/sock/docker.sock"),
    ("OrbStack", "{home}/.orbstack/run/docker.sock"),
)
"""Whose socket it is, and where it is by the documentation of that program; ``*`` stands for any name."""

_AT_ONCE = 16


@dataclass(frozen=True)
class KnownDaemon:
    """``name``: what to type after --upstream, empty for a socket. ``current``: what is used when nothing is typed.

    ``endpoint`` is None when it cannot be told where it leads, because of ``problem``.
    """

    name: str
    kind: str
    endpoint: Endpoint | None
    current: bool = False
    problem: str = ""


@dataclass(frozen=True)
class ProbeResult:
    """A known daemon and its answer, or why there is none, on one line."""

    known: KnownDaemon
    daemon: Daemon | None
    problem: str


def known(environ: Mapping[str, str], home: Path) -> list[KnownDaemon]:
    """All of them, not yet dialled: "default" and the other contexts, machines, saved names, sockets with a file.

    A socket that one of the names leads to is not told twice. ApispyError when the file of saved names is damaged.
    """
    current = CONTEXT + contexts.current(environ, home)
    found = [
        _resolved(name, kind, name == current, partial(upstream, name, environ=environ, home=home))
        for name, kind in names(environ, home)
    ]
    there = {entry.endpoint for entry in found}
    return found + [socket for socket in _sockets(environ, home) if socket.endpoint not in there]


def names(environ: Mapping[str, str], home: Path) -> list[tuple[str, str]]:
    """(what to type after --upstream, kind) of all that have a name. ApispyError as for ``known``."""
    store = contexts.Store.of(environ, home)
    return [
        *((CONTEXT + name, "context") for name in [contexts.DEFAULT, *store.names()]),
        *((MACHINE + name, "machine") for name in Machines.of(environ, home).names()),
        *((name, "saved") for name in SavedNames.of(environ, home).names()),
    ]


def _resolved(name: str, kind: str, current: bool, read: Callable[[], Endpoint]) -> KnownDaemon:
    try:
        return KnownDaemon(name, kind, read(), current)
    except ApispyError as error:
        return KnownDaemon(name, kind, None, current, str(error))


def _sockets(environ: Mapping[str, str], home: Path) -> Iterator[KnownDaemon]:
    runtime = environ.get("XDG_RUNTIME_DIR") or "/nonexistent"
    for kind, pattern in SOCKETS:
        filled = pattern.format(runtime=glob.escape(runtime), home=glob.escape(str(home)))
        for path in sorted(glob.glob(filled)):
            yield KnownDaemon("", kind, Endpoint("unix", "", 0, path, "", None))


def ask(entries: Iterable[KnownDaemon], timeout: float = 2.0) -> list[ProbeResult]:
    """Probe all of them at the same time, ``timeout`` seconds for each step; in the order given."""
    with ThreadPoolExecutor(_AT_ONCE, "probe") as pool:
        return list(pool.map(lambda entry: _ask(entry, timeout), entries))


def _ask(entry: KnownDaemon, timeout: float) -> ProbeResult:
    if entry.endpoint is None:
        return ProbeResult(entry, None, entry.problem)
    try:
        return ProbeResult(entry, probe(entry.endpoint, timeout), "")
    except DaemonError as error:
        return ProbeResult(entry, None, error.what)
    except ApispyError as error:  # a TLS file that cannot be loaded
        return ProbeResult(entry, None, str(error))
