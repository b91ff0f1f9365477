"""Real daemons, real clients, and an apispy for each transport."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .apispy_process import STANDIN, Apispy, SocatRelay
from .archives import Archive
from .battery_runner import CLIS, BatteryRunner, Cell
from .daemon import BUSYBOX, Daemons
from .endpoints import Endpoint, without_proxies
from .modern_root import PROGRAMS, ModernRoot
from .recorder_pair import RecorderPair
from .row import ENGINE, MODERN, Row, need
from .workers import UnitScheduling, cost

HERE = Path(__file__).parent


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Share the tests out as workers.py says."""
    config.option.loadscopereorder = False  # the collection has the order
    return UnitScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
    items.sort(key=lambda item: -cost(item.nodeid))


def unavailable(reason: str) -> None:
    """Fail in CI, and skip elsewhere, because something is missing."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


def require(row: Row) -> None:
    """Fail in CI, and skip elsewhere, where a program is missing; skip where it is of a kind that is not meant."""
    for name in row.needs:
        program, other = need(name)
        if other:
            pytest.skip(other)
        if not shutil.which(program):
            unavailable(f"this row needs {program}")


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    """A directory with a short path, because a unix socket's path has at most 107 characters."""
    where = Path(tempfile.mkdtemp(prefix="as-", dir="/tmp"))
    yield where
    shutil.rmtree(where, ignore_errors=True)


@pytest.fixture(scope="session")
def go_peer(place: Path) -> Path:
    """A client with Go's HTTP/2 and gRPC, of ``go_peer``, built without the network from Debian's packages."""
    sources = Path("/usr/share/gocode/src")
    if not shutil.which("go") or not all((sources / one).exists() for one in GO_LIBRARIES):
        unavailable(
            "needs Go; on Debian: apt-get install golang-go golang-golang-x-net-dev golang-google-grpc-dev"
        )
    program = place / "go-peer"
    env = os.environ | {"GOPATH": str(sources.parent), "GO111MODULE": "off", "GOFLAGS": ""}
    built = subprocess.run(
        ["go", "build", "-o", str(program), "."],
        cwd=HERE / "go_peer",
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return program


GO_LIBRARIES = ("golang.org/x/net/http2", "google.golang.org/grpc")

NEEDED = (*PROGRAMS, str(BUSYBOX)) if ENGINE == MODERN else ("dockerd", "containerd", "docker", str(BUSYBOX))


@pytest.fixture(scope="session")
def modern_root(place: Path) -> Iterator[ModernRoot | None]:
    """The root of the modern engine, or None where the tests are about this machine's; what they need is there."""
    for program in NEEDED:
        if not shutil.which(program):
            package = "debootstrap" if program in PROGRAMS else "docker.io busybox-static"
            unavailable(f"end-to-end tests need {program}; on Debian: apt-get install {package}")
    if os.geteuid() != 0:
        unavailable("end-to-end tests start a dockerd of their own, for which they must be root")
    without_proxies()
    if ENGINE != MODERN:
        yield None
        return
    root = ModernRoot.start(place)
    CLIS[MODERN] = root.tools / "docker"
    yield root
    root.stop()


@pytest.fixture(scope="session")
def daemons(place: Path, modern_root: ModernRoot | None) -> Iterator[Daemons]:
    running = Daemons.start(place, modern_root)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def recorders(place: Path, daemons: Daemons) -> Iterator[dict[str, RecorderPair]]:
    """The recorders around apispy, by transport (`make differential`: of every transport)."""
    names = [] if STANDIN else os.environ.get("APISPY_E2E_RECORDED", "tcp").split()
    around = {
        name: RecorderPair(place / f"rec-{name}", endpoint, place / "server-certs")
        for name, endpoint in endpoints_by_transport(daemons).items()
        if name in names
    }
    yield around
    for recorded in around.values():
        recorded.close()


def endpoints_by_transport(daemons: Daemons) -> dict[str, Endpoint]:
    return {name: endpoint for name, (endpoint, _) in daemons.by_transport.items()}


@pytest.fixture(scope="session")
def spies(place: Path, daemons: Daemons, recorders: dict[str, RecorderPair]) -> Iterator[dict[str, Apispy]]:
    """An apispy for each transport, each with a different output format, so that all formats are under load."""
    running: dict[str, Apispy] = {}
    try:
        for transport, endpoint in endpoints_by_transport(daemons).items():
            where = place / f"spy-{transport}"
            if recorded := recorders.get(transport):
                spy = Apispy.start(where, *arguments(transport, recorded.upstream, where))
                running[transport] = recorded.around(spy)
                continue
            running[transport] = (
                SocatRelay.in_front_of(where, endpoint)
                if STANDIN == "socat"
                else Apispy.start(where, *arguments(transport, endpoint, where))
            )
        yield running
    finally:
        for spy in running.values():
            spy.kill()


def arguments(transport: str, upstream, where: Path) -> list[str]:  # type: ignore[no-untyped-def]
    """Return apispy's arguments for a transport. Each writes a capture, which test_battery_said.py reads."""
    keep = ["--capture", f"{where}/calls.jsonl"]
    if transport not in ("tcp", "mtls"):
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


LARGE = 64_000_000
"""Bytes of a file that is larger than whatever apispy, a daemon or the kernel holds of a connection; bodies that would
show in apispy's memory, if it kept any, are those of test_process.py."""


@pytest.fixture(scope="session")
def data(place: Path, daemons: Daemons) -> Path:
    """Files to send, and the image big:test."""
    where = place / "data"
    where.mkdir()
    (where / "10mb").write_bytes(os.urandom(10_000_000))
    large = os.urandom(1_000_000) * (LARGE // 1_000_000)
    (where / "large").write_bytes(large)
    (where / "large.md5").write_text(f"{hashlib.md5(large).hexdigest()}  -\n")
    archive = Archive("big:test", b"mark", where / "large").prepare()
    with (where / "big.tar").open("wb") as file:
        file.writelines(archive)
    for daemon in (daemons.plain, daemons.tls):
        daemon.docker("load", "-i", f"{where}/big.tar")
    (where / "big.tar").unlink()
    return where


@pytest.fixture(scope="session")
def runner(
    request: pytest.FixtureRequest, place: Path, data: Path, daemons: Daemons, spies: dict[str, Apispy]
) -> Iterator[BatteryRunner]:
    running = BatteryRunner(place / "c", data, daemons, spies)
    specs = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    running.start(cell for params in specs if isinstance(cell := params.get("cell"), Cell))
    yield running
    running.close()
