"""packaging/compose.yaml, run by Compose v2: only apispy has the daemon's socket, and clients get through it."""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .daemon import Daemons
from .modern_root import ModernRoot
from .python_image import write_apispy_root, write_program_root
from .row import ENGINE, MODERN
from .wait import until

pytestmark = [
    pytest.mark.timeout(300),  # two images are made
    pytest.mark.skipif(ENGINE != MODERN, reason="`make e2e-modern` runs this"),
]

FILE = Path(__file__).parents[2] / "packaging/compose.yaml"
PROJECT = "zqpackaging"


class Project:
    """The compose file as a project of a daemon. `compose` and `inspect` reach the daemon directly."""

    def __init__(self, root: ModernRoot, daemons: Daemons, where: Path) -> None:
        where.mkdir()
        self.file = where / FILE.name
        shutil.copy(FILE, self.file)
        socket = daemons.plain.unix
        variables = {"DOCKER_HOST": socket.host, "DOCKER_SOCKET": socket.path, "HOME": str(where)}
        self._enter = [
            *root.enter,
            "env",
            f"--chdir={where}",
            *(f"{name}={value}" for name, value in variables.items()),
        ]

    def give_to_group(self) -> None:
        """Take the lines for clients that are not root out of their comments, and give the client the group."""
        text = self.file.read_text()
        for line in ("- --listen-group=2375", 'group_add: ["2375"]'):
            assert f"# {line}" in text
            text = text.replace(f"# {line}", line)
        client = "    image: docker:cli\n"
        self.file.write_text(text.replace(client, client + '    group_add: ["2375"]\n'))

    def docker(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*self._enter, "docker", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert not check or done.returncode == 0, (words, done.stdout, done.stderr)
        return done

    def compose(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.docker("compose", "--progress", "plain", "-p", PROJECT, *words, check=check)

    def client(self, *words: str, user: str = "0:0") -> subprocess.CompletedProcess[str]:
        return self.compose("run", "--rm", "--no-TTY", "--user", user, "client", *words, check=False)

    def sidecar(self) -> dict[str, Any]:
        """Return what the daemon knows of apispy's container."""
        [found] = json.loads(self.docker("inspect", f"{PROJECT}-apispy-1").stdout)
        return found  # type: ignore[no-any-return]

    def log(self) -> str:
        done = self.compose("logs", "--no-color", "--no-log-prefix", "apispy")
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def project(modern_root: ModernRoot, daemons: Daemons, place: Path) -> Iterator[Project]:
    image = place / "image.tar"
    with image.open("wb") as file:
        write_apispy_root(file)
    with image.open("rb") as file:
        daemons.plain.docker("import", "-", "apispy", stdin=file)
    with image.open("wb") as file:
        inside = Path(f"/proc/{modern_root.holder.pid}/root")
        write_program_root(file, Path("/usr/bin/docker"), modern_root.run, inside)
    with image.open("rb") as file:
        daemons.plain.docker("import", "-c", "ENV PATH=/usr/bin:/bin", "-", "docker:cli", stdin=file)
    image.unlink()
    running = Project(modern_root, daemons, place / "compose")
    yield running
    running.compose("--profile", "client", "down", "--volumes", "--timeout", "1")
    daemons.plain.docker("rmi", "apispy", "docker:cli")


def test_only_apispy_has_the_daemons_socket_and_clients_get_through_it(project: Project) -> None:
    project.compose("up", "--detach", "--wait", "apispy")
    ps = project.client("docker", "ps", "--format", "{{.Names}}")
    assert (ps.returncode, ps.stdout.splitlines()[-1:]) == (0, [f"{PROJECT}-apispy-1"]), ps
    assert project.client("test", "!", "-e", "/var/run/docker.sock").returncode == 0
    shown = until(
        lambda: (log := project.log()) and "ContainerList" in log and log, 30, "the call's line", every=0.2
    )
    assert "apispy: ready" in str(shown)

    crashed = project.sidecar()["State"]["Pid"]
    os.kill(crashed, signal.SIGKILL)  # the socket stays in the volume
    until(
        lambda: (
            project.sidecar()["State"].get("Health", {}).get("Status") == "healthy"
            and project.sidecar()["State"]["Pid"] not in (0, crashed)
        ),
        60,
        "the restart",
        every=0.2,
    )
    until(
        lambda: project.client("docker", "version").returncode == 0, 60, "an answer through apispy", every=0.2
    )
    assert project.sidecar()["RestartCount"] == 1

    project.compose("stop", "apispy")
    assert project.sidecar()["State"]["ExitCode"] == 0
    assert re.search(r"(?m)^ +\d+ .* total$", project.log()), project.log()  # the summary
    assert "Traceback" not in project.log()


def test_clients_that_are_not_root_need_the_group(project: Project) -> None:
    project.compose("up", "--detach", "--wait", "apispy")
    assert "permission denied" in project.client("docker", "ps", user="1000:1000").stderr
    project.give_to_group()
    project.compose("up", "--detach", "--wait", "apispy")
    answered = project.client("docker", "ps", user="1000:1000")
    assert (answered.returncode, answered.stdout[:12]) == (0, "CONTAINER ID"), answered
