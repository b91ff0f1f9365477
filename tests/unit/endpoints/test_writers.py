"""The docker context and the machine that apispy makes: layout, modes, and that nobody else's are touched."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from apispy.endpoints import TLS, Endpoint, upstream
from apispy.endpoints.contexts import Store
from apispy.endpoints.machines import Machines
from apispy.endpoints.writers import add_context, add_machine, remove_context, remove_machine
from apispy.errors import ApispyError, UsageError

from .places import PEM, docker_context, docker_machine

PLAIN = Endpoint("unix", "", 0, "/run/a.sock", "", None)


@pytest.fixture
def spied(tmp_path: Path) -> Endpoint:
    """An endpoint with TLS files, whose names are not docker's."""
    files = [tmp_path / f"my-{name}" for name in PEM]
    for file in files:
        file.write_text(file.name)
    return Endpoint("tcp", "127.0.0.1", 2377, "", "", TLS(True, *files))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.of({}, tmp_path)


@pytest.fixture
def machines(tmp_path: Path) -> Machines:
    return Machines.of({}, tmp_path)


@pytest.fixture(autouse=True)
def _no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(top: Path) -> dict[str, int]:
    return {str(path.relative_to(top)): stat.S_IMODE(path.stat().st_mode) for path in top.rglob("*")}


def test_a_context_lies_as_docker_puts_it(spied: Endpoint, store: Store, tmp_path: Path) -> None:
    add_context(store, "apispy", spied)
    hashed = store.meta_file("apispy").parent.name
    tls = f"contexts/tls/{hashed}"
    assert modes(store.config) == {
        "contexts": 0o755,
        "contexts/meta": 0o755,
        f"contexts/meta/{hashed}": 0o755,
        f"contexts/meta/{hashed}/meta.json": 0o644,
        "contexts/tls": 0o700,
        tls: 0o700,
        f"{tls}/docker": 0o700,
        **{f"{tls}/docker/{name}": 0o600 for name in PEM},
    }
    assert json.loads(store.meta_file("apispy").read_text()) == {
        "Name": "apispy",
        "Metadata": {"Description": "Made by apispy", "apispy": True},
        "Endpoints": {"docker": {"Host": "tcp://127.0.0.1:2377", "SkipTLSVerify": False}},
    }
    read = upstream("context:apispy", environ={}, home=tmp_path)
    assert read.tls
    assert [file.read_text() for file in (read.tls.ca, read.tls.cert, read.tls.key) if file] == [
        f"my-{name}" for name in PEM
    ]


def test_renewing_a_context_leaves_nothing_of_the_old_one(
    spied: Endpoint, store: Store, tmp_path: Path
) -> None:
    add_context(store, "apispy", spied)
    add_context(store, "apispy", PLAIN)
    assert upstream("context:apispy", environ={}, home=tmp_path) == PLAIN
    assert not store.tls_dir("apispy").exists()
    unverified = Endpoint("tcp", "h", 1, "", "", TLS(False, None, None, None))
    add_context(store, "apispy", unverified)
    assert upstream("context:apispy", environ={}, home=tmp_path) == unverified
    remove_context(store, "apispy")
    assert store.names() == []
    assert sorted(modes(store.config)) == ["contexts", "contexts/meta", "contexts/tls"]


def test_contexts_of_others_are_left_alone(spied: Endpoint, store: Store) -> None:
    meta = docker_context(store.config, "prod", "tcp://h:1")
    before = meta.read_text()
    for act in (lambda: add_context(store, "prod", spied), lambda: remove_context(store, "prod")):
        with pytest.raises(UsageError, match=r"is not apispy's.*--force"):
            act()
    assert meta.read_text() == before
    add_context(store, "prod", spied, force=True)
    assert meta.read_text() != before
    remove_context(store, "prod")
    assert not meta.exists()


def test_a_context_that_docker_uses_stays(spied: Endpoint, store: Store) -> None:
    add_context(store, "apispy", spied)
    (store.config / "config.json").write_text('{"currentContext": "apispy"}')
    with pytest.raises(UsageError, match="docker context use default"):
        remove_context(store, "apispy")
    remove_context(store, "apispy", force=True)
    with pytest.raises(UsageError, match="There is no docker context 'apispy'"):
        remove_context(store, "apispy")


@pytest.mark.parametrize("name", ["", "x", "default", "a/b", "-ab", "a b"])
def test_names_that_docker_would_refuse(name: str, store: Store) -> None:
    with pytest.raises(UsageError, match="Context name"):
        add_context(store, name, PLAIN)


def test_a_machine_as_docker_machine_makes_it(spied: Endpoint, machines: Machines, tmp_path: Path) -> None:
    add_machine(machines, "spy", spied)
    directory = tmp_path / ".docker/machine/machines/spy"
    assert modes(directory) == dict.fromkeys(["config.json", *PEM], 0o600)
    config = json.loads((directory / "config.json").read_text())
    assert (config["ConfigVersion"], config["DriverName"], config["Name"]) == (3, "none", "spy")
    assert (config["Driver"]["URL"], config["Driver"]["IPAddress"]) == ("tcp://127.0.0.1:2377", "127.0.0.1")
    assert config["HostOptions"]["EngineOptions"]["TlsVerify"] is True
    auth = config["HostOptions"]["AuthOptions"]
    assert [auth[key] for key in ("CaCertPath", "ClientCertPath", "ClientKeyPath")] == [
        str(directory / name) for name in PEM
    ]
    read = upstream("machine:spy", environ={}, home=tmp_path)
    assert read == Endpoint("tcp", "127.0.0.1", 2377, "", "", TLS(True, *(directory / name for name in PEM)))
    add_machine(machines, "spy", read)  # renewed from itself
    assert (directory / "key.pem").read_text() == "my-key.pem"
    remove_machine(machines, "spy")
    assert machines.names() == []


@pytest.mark.parametrize(
    "tls", [None, TLS(False, Path("/a"), Path("/a"), Path("/a")), TLS(True, Path("/a"), None, None)]
)
def test_what_can_be_no_machine(tls: TLS | None, machines: Machines) -> None:
    with pytest.raises(UsageError, match=r"Docker Machine requires verified TLS.*apispy context add"):
        add_machine(machines, "spy", Endpoint("tcp", "h", 1, "", "", tls))
    assert not machines.storage.exists()


@pytest.mark.parametrize("name", ["", "..", "../x", "a b", "a/b"])
def test_names_that_leave_the_directory(name: str, spied: Endpoint, machines: Machines) -> None:
    with pytest.raises(UsageError, match="Machine name"):
        add_machine(machines, name, spied)
    with pytest.raises(UsageError, match="There is no machine"):
        remove_machine(machines, name, force=True)


def test_machines_of_others_are_left_alone(spied: Endpoint, machines: Machines) -> None:
    directory = docker_machine(machines.storage, "dev", {"IPAddress": "10.0.0.5"})
    for act in (lambda: add_machine(machines, "dev", spied), lambda: remove_machine(machines, "dev")):
        with pytest.raises(UsageError, match=r"is not apispy's.*--force"):
            act()
    assert (directory / "key.pem").read_text() == ""
    add_machine(machines, "dev", spied, force=True)
    remove_machine(machines, "dev")
    assert not directory.exists()


def test_files_that_are_gone_are_named_and_nothing_is_written(
    spied: Endpoint, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "my-key.pem").unlink()
    with pytest.raises(ApispyError, match=r"my-key\.pem: No such file"):
        add_context(store, "apispy", spied)
    assert store.names() == []
