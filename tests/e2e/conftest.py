"""Real daemons, real clients, and an apispy for each transport."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .archives import Archive
from .daemon import BUSYBOX, Daemons
from .endpoints import Endpoint, without_proxies
from .lab import Cell, Lab
from .recorded import Recorded
from .spy import STANDIN, Relay, Spy

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)


def unavailable(reason: str) -> None:
    """In CI what is missing is a failure, elsewhere a skip."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    """A directory with a short path: a unix socket's is at most 107 characters."""
    where = Path(tempfile.mkdtemp(prefix="as-", dir="/tmp"))
    yield where
    shutil.rmtree(where, ignore_errors=True)


@pytest.fixture(scope="session")
def daemons(place: Path) -> Iterator[Daemons]:
    for program in ("dockerd", "containerd", "docker", str(BUSYBOX)):
        if not shutil.which(program):
            unavailable(
                f"end-to-end tests need {program}; on Debian: apt-get install docker.io busybox-static"
            )
    if os.geteuid() != 0:
        unavailable("end-to-end tests start a dockerd of their own, for which they must be root")
    without_proxies()
    running = Daemons.start(place)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def recorders(place: Path, daemons: Daemons) -> Iterator[dict[str, Recorded]]:
    """By transport; the apispy of that transport is put between them (`make differential`: of every transport)."""
    names = [] if STANDIN else os.environ.get("APISPY_E2E_RECORDED", "tcp").split()
    around = {
        name: Recorded(place / f"rec-{name}", endpoint, place / "server-certs")
        for name, endpoint in daemon_of(daemons).items()
        if name in names
    }
    yield around
    for recorded in around.values():
        recorded.close()


def daemon_of(daemons: Daemons) -> dict[str, Endpoint]:
    return {"tcp": daemons.plain_tcp, "mtls": daemons.tls_tcp, "unix": daemons.plain.unix}


@pytest.fixture(scope="session")
def spies(place: Path, daemons: Daemons, recorders: dict[str, Recorded]) -> Iterator[dict[str, Spy]]:
    """An apispy for each transport; each with another way of printing, so that all are under load."""
    running: dict[str, Spy] = {}
    try:
        for transport, endpoint in daemon_of(daemons).items():
            where = place / f"spy-{transport}"
            if recorded := recorders.get(transport):
                spy = Spy.start(where, *words(transport, recorded.upstream, where))
                running[transport] = recorded.around(spy)
                continue
            running[transport] = (
                Relay.before(where, endpoint)
                if STANDIN == "socat"
                else Spy.start(where, *words(transport, endpoint, where))
            )
        yield running
    finally:
        for spy in running.values():
            spy.kill()


def words(transport: str, upstream, where: Path) -> list[str]:  # type: ignore[no-untyped-def]
    """The command line of apispy for a transport. Each keeps a capture, which test_battery_said.py reads."""
    keep = ["--capture", f"{where}/calls.jsonl"]
    if transport == "unix":
        return ["--listen", f"unix://{where}/apispy.sock", "--upstream", upstream.host, *keep]
    if transport == "tcp":
        return ["--listen", "127.0.0.1:0", "--upstream", upstream.host, "--listen-plaintext", "-vvv", *keep]
    tls = [
        "--tlsverify",
        "--tlscacert",
        f"{upstream.certs}/ca.pem",
        "--tlscert",
        f"{upstream.certs}/cert.pem",
    ]
    tls += ["--tlskey", f"{upstream.certs}/key.pem", "--certs-dir", f"{where}/certs"]
    return [
        "--listen",
        "127.0.0.1:0",
        "--upstream",
        upstream.host.removeprefix("tcp://"),
        *tls,
        *keep,
        "--json",
        "--notes=strict",
    ]


@pytest.fixture(scope="session")
def data(place: Path, daemons: Daemons) -> Path:
    """Files to send, and the image big:test."""
    where = place / "data"
    where.mkdir()
    (where / "10mb").write_bytes(os.urandom(10_000_000))
    (where / "200mb").write_bytes(os.urandom(1_000_000) * 200)
    digest = hashlib.md5((where / "200mb").read_bytes()).hexdigest()
    (where / "200mb.md5").write_text(f"{digest}  -\n")
    archive = Archive("big:test", b"mark", where / "200mb").prepare()
    with (where / "big.tar").open("wb") as file:
        file.writelines(archive)
    for daemon in (daemons.plain, daemons.tls):
        daemon.docker("load", "-i", f"{where}/big.tar")
    (where / "big.tar").unlink()
    return where


@pytest.fixture(scope="session")
def lab(
    request: pytest.FixtureRequest, place: Path, data: Path, daemons: Daemons, spies: dict[str, Spy]
) -> Iterator[Lab]:
    running = Lab(place / "c", data, daemons, spies)
    specs = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    running.order(cell for params in specs if isinstance(cell := params.get("cell"), Cell))
    yield running
    running.close()
