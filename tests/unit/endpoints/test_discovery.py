"""All that this machine knows of, against real servers on loopback."""

import json
import socket
from contextlib import ExitStack
from pathlib import Path
from socketserver import UnixStreamServer

import pytest

from apispy.endpoints import Endpoint, discovery
from apispy.endpoints.saved_names import SavedNames
from tests.servers import DOCKER, VersionHandler, http_server, serving

from .places import docker_context, docker_machine


def bound(path: Path) -> Path:
    """A socket file at which nobody listens."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
    return path


def test_every_kind_and_what_is_current(tmp_path: Path) -> None:
    home, runtime = tmp_path / "h", tmp_path / "r"
    docker_context(home / ".docker", "far", "tcp://h:1")
    docker_context(home / ".docker", "bad", "nonsense://")
    docker_machine(home / ".docker/machine", "dev", {"IPAddress": "10.0.0.5"})
    SavedNames.of({}, home).add("build7", Endpoint("unix", "", 0, str(runtime / "docker.sock"), "", None))
    paths = [
        ".docker/run/docker.sock",
        ".colima/default/docker.sock",
        ".colima/x/docker.sock",
        ".rd/docker.sock",
    ]
    paths += [".lima/a/sock/docker.sock", ".orbstack/run/docker.sock"]
    for path in paths:
        bound(home / path)
    for path in ("docker.sock", "podman/podman.sock"):
        bound(runtime / path)
    environ = {"XDG_RUNTIME_DIR": str(runtime), "DOCKER_CONTEXT": "far"}
    found = discovery.discover(environ, home)
    named = [(entry.name, entry.kind) for entry in found if entry.name]
    assert named == [
        ("context:default", "context"),
        ("context:bad", "context"),
        ("context:far", "context"),
        ("machine:dev", "machine"),
        ("build7", "saved"),
    ]
    assert [entry.name for entry in found if entry.current] == ["context:far"]
    [bad] = [entry for entry in found if entry.endpoint is None]
    assert (bad.name, "nonsense:// cannot be used" in bad.problem) == ("context:bad", True)
    sockets = {entry.endpoint.path: entry.kind for entry in found if not entry.name and entry.endpoint}
    own = {path: kind for path, kind in sockets.items() if path.startswith(str(tmp_path))}
    # The socket of rootless docker has a name, build7, and is not told again.
    kinds = ["Docker Desktop", "Colima", "Colima", "Rancher Desktop", "Lima", "OrbStack"]
    expected = {str(home / path): kind for path, kind in zip(paths, kinds, strict=True)}
    assert own == expected | {str(runtime / "podman/podman.sock"): "Podman, rootless"}


def test_directories_that_the_environment_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {
        "COLIMA_HOME": ("c/work/docker.sock", "Colima"),
        "LIMA_HOME": ("l/vm/sock/docker.sock", "Lima"),
        "XDG_CONFIG_HOME": ("x/colima/default/docker.sock", "Colima"),
        "XDG_DATA_HOME": ("d/containers/podman/machine/podman.sock", "Podman machine"),
        "XDG_RUNTIME_DIR": ("r/podman/dev-api.sock", "Podman machine"),
        "TMPDIR": ("t/podman/podman-machine-default-api.sock", "Podman machine"),
    }
    wsl = {
        "w/docker-desktop/shared-sockets/guest-services/docker.proxy.sock": "Docker Desktop, WSL",
        "w/rancher-desktop/run/docker.sock": "Rancher Desktop, WSL",
    }
    for path in [*wsl, *(path for path, _ in names.values()), "home/.lima/vm/sock/docker.sock"]:
        (tmp_path / path).parent.mkdir(parents=True)  # its path is too long for a real socket
        (tmp_path / path).touch()
    monkeypatch.setattr(discovery, "_SHARED_BY_WSL", f"{tmp_path}/w")
    environ = {name: f"{tmp_path}/{path[0]}/" for name, (path, _) in names.items()}
    found = own_sockets(environ, tmp_path / "home", tmp_path)
    assert found == wsl | dict(names.values())


def test_a_socket_that_two_patterns_match_is_listed_once(tmp_path: Path) -> None:
    paths = [".colima/docker.sock", ".colima/default/docker.sock"]
    for path in paths:
        bound(tmp_path / path)
    found = discovery.discover({"COLIMA_HOME": f"{tmp_path}/.colima"}, tmp_path)
    listed = [one.endpoint.path for one in found if one.kind == "Colima" and one.endpoint]
    assert sorted(listed) == sorted(f"{tmp_path}/{path}" for path in paths)


def own_sockets(environ: dict[str, str], home: Path, below: Path) -> dict[str, str]:
    """Return the kinds of the sockets without a name that are found *below* a directory, by their paths there."""
    found = discovery.discover(environ, home)
    sockets = {Path(one.endpoint.path): one.kind for one in found if not one.name and one.endpoint}
    return {
        str(path.relative_to(below)): kind for path, kind in sockets.items() if path.is_relative_to(below)
    }


def test_a_home_with_odd_characters_is_no_pattern(tmp_path: Path) -> None:
    home = tmp_path / "[a]*"
    bound(home / ".rd/docker.sock")
    assert str(home / ".rd/docker.sock") in [
        e.endpoint.path for e in discovery.discover({}, home) if e.endpoint
    ]


def test_asking_all_of_them_at_once(tmp_path: Path) -> None:
    up, gone = tmp_path / "up", bound(tmp_path / "gone")
    with ExitStack() as stack:
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        stack.enter_context(
            serving(UnixStreamServer(str(up), VersionHandler), (200, json.dumps(DOCKER).encode()))
        )
        port = stack.enter_context(http_server())
        endpoints = [
            Endpoint("unix", "", 0, str(gone), "", None),
            Endpoint("tcp", "127.0.0.1", silent.getsockname()[1], "", "", None),
            Endpoint("unix", "", 0, str(up), "", None),
            Endpoint("tcp", "127.0.0.1", port, "", "", None),
        ]
        entries = [discovery.KnownDaemon("", "x", endpoint) for endpoint in endpoints]
        found = discovery.probe_all(
            [*entries, discovery.KnownDaemon("n", "context", None, problem="why")], timeout=0.5
        )
    assert [asked.problem for asked in found] == [
        "connection refused, nothing is listening on this socket",
        "no response in time",
        "",
        "",
        "why",
    ]
    assert [asked.daemon and asked.daemon.api_version for asked in found] == [
        None,
        None,
        "1.50",
        "1.50",
        None,
    ]
