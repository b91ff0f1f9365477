"""The image that Dockerfile makes of the wheels in dist/, built and run by a daemon of its own without any network.

`make packages` runs this. The base is Debian sid's Python; the default base cannot be had without a registry.
"""

import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from apispy import __version__

from .conftest import unavailable
from .daemon import Daemon, free_port
from .python_root import python_root, python_version
from .wait import until

ROOT = Path(__file__).parents[2]
# The build copies the base several times, where the storage driver is vfs.
pytestmark = pytest.mark.timeout(600)

WHEELS = sorted((ROOT / "dist").glob("*.whl"))

PLATFORMS = (
    "manylinux2014_x86_64",
    "manylinux_2_17_x86_64",
    "manylinux_2_28_x86_64",
    "manylinux_2_34_x86_64",
)


@pytest.fixture(scope="module")
def daemon(place: Path, modern_root: None) -> Iterator[Daemon]:
    running = Daemon(place / "d", [])
    yield running
    running.stop()


@pytest.fixture(scope="module")
def image(daemon: Daemon, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Build the image as docs/install.md says, with a wheelhouse."""
    if len(WHEELS) != 2:
        unavailable("needs the wheels in dist/: make dist")
    root = python_root()
    context = tmp_path_factory.mktemp("context")
    for name in ("Dockerfile", ".dockerignore"):
        shutil.copy(ROOT / name, context)
    (context / "not-in-the-image").touch()
    (context / "dist").mkdir()
    for wheel in WHEELS:
        shutil.copy(wheel, context / "dist")
    wheelhouse(context / "dist/wheelhouse", python_version(root))
    base = context.parent / "base.tar"
    with tarfile.open(base, "w") as archive:
        archive.add(root, ".")
    daemon.docker("import", str(base), "python:sid")
    base.unlink()
    build = [
        "build",
        "-q",
        "--network",
        "none",
        "--build-arg",
        "PYTHON=python:sid",
        "-t",
        "apispy",
        str(context),
    ]
    subprocess.run(
        ["docker", "-H", daemon.unix.host, *build],
        env=os.environ | {"DOCKER_BUILDKIT": "0"}, check=True, stdin=subprocess.DEVNULL, timeout=500,
    )  # fmt: skip
    return "apispy"


def wheelhouse(where: Path, version: str) -> None:
    """Download the wheels of all packages that apispy needs with Python *version*, which is not that of this process."""
    # uv decides by the other version which packages are needed, and pip cannot; pip downloads, and uv cannot.
    needed = where.parent.parent / "requirements.txt"
    target = ["--python-version", version, "--python-platform", "x86_64-unknown-linux-gnu"]
    command = [
        "uv",
        "pip",
        "compile",
        "-q",
        *target,
        ROOT / "pyproject.toml",
        "-o",
        needed,
    ]
    subprocess.run(command, cwd="/", check=True, stdin=subprocess.DEVNULL, timeout=120)
    abis = [
        "--implementation",
        "cp",
        "--abi",
        f"cp{version.replace('.', '')}",
        "--abi",
        "abi3",
        "--abi",
        "none",
    ]
    platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
    subprocess.run(
        ["pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "--python-version", version, *abis,
         *platforms, "-d", where, "-r", needed],
        cwd="/", check=True, stdin=subprocess.DEVNULL, timeout=300,
    )  # fmt: skip


def run(daemon: Daemon, *words: str) -> str:
    return daemon.docker("run", "--rm", "--network", "none", *words)


def test_it_runs_apispy_as_another_user_than_root(daemon: Daemon, image: str) -> None:
    assert run(daemon, image, "--version") == f"apispy {__version__}\n"
    assert "ContainerCreate" in run(daemon, image, "demo")
    assert run(daemon, "--entrypoint", "id", image, "-u") == "10001\n"


def test_it_has_the_environment_and_neither_pip_nor_the_context(daemon: Daemon, image: str) -> None:
    files = run(daemon, "--entrypoint", "ls", image, "/", "/opt/apispy/bin", "/home/apispy").split()
    assert {"apispy", "mitmdump"} < set(files)
    assert not {"dist", "pip", "pip3", "not-in-the-image"} & set(files)
    sizes = [int(daemon.docker("inspect", "-f", "{{.Size}}", name)) for name in (image, "python:sid")]
    assert sizes[0] - sizes[1] < 120_000_000


def test_it_shows_the_calls_to_the_daemon_whose_socket_it_gets(daemon: Daemon, image: str) -> None:
    socket = daemon.unix.host.removeprefix("unix://")
    group, port = str(os.stat(socket).st_gid), free_port()
    daemon.docker(
        "run", "-d", "--name", "spy", "--network", "host", "--group-add", group,
        "-v", f"{socket}:/var/run/docker.sock", image, "--listen", f"127.0.0.1:{port}", "--listen-plaintext",
    )  # fmt: skip
    try:
        until(lambda: "apispy: ready" in logs(daemon), 60, "apispy in its container to be ready")
        client = ["docker", "-H", f"tcp://127.0.0.1:{port}", "version", "-f", "{{.Server.Version}}"]
        assert subprocess.check_output(client, timeout=60, text=True).strip()
        until(lambda: "SystemVersion" in logs(daemon), 60, "the call to be shown")
    finally:
        daemon.docker("rm", "-f", "spy")


def logs(daemon: Daemon) -> str:
    command = ["docker", "-H", daemon.unix.host, "logs", "spy"]
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=True
    ).stdout
