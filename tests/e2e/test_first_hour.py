"""The first hour of a new user, on a Debian or an Ubuntu with nothing but Docker's client and pipx: what the pages say
is typed.

The root is one of debootstrap (`modern_root.py`). A user `ann` has a clone of this checkout there, and the socket of a real
daemon. She types what README.md and docs/ say into her login shell. Each class below is one root, so that `--dist loadscope`
makes each root once.
"""

import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from .daemon import IMAGE, Daemon, Daemons, busybox_root, free_port
from .modern_root import ModernRoot, ubuntu_answers
from .pages import blocks_of

TOP = Path(__file__).parents[2]

pytestmark = pytest.mark.timeout(1200)  # the first test of each root may make it

BASE = "python3 python3-venv pipx git"


@dataclass(frozen=True)
class System:
    """A system, and what a user has installed there."""

    suite: str
    packages: str
    own_engine: bool = False  # and not this machine's
    joins: str = "docker"  # the groups of a new user


TRIXIE = System("trixie", f"{BASE} docker-cli docker-compose")
BOOKWORM = System("bookworm", f"{BASE} docker.io docker-compose")  # its Python is too old
# Its docker CLI is too new for the engine of Debian 12. The user is that of a cloud image, who may use sudo.
NOBLE = System(
    "noble",
    f"{BASE} docker.io docker-compose-v2 sudo netcat-openbsd curl iptables",
    own_engine=True,
    joins="sudo",
)

JOIN = "sudo usermod -aG docker ann"

TEN_MINUTES = 600
"""What a new user may need from nothing to each of three results, in seconds of processor time: a machine that does other
things meanwhile, as CI may, can take any time."""

PYTHON = Path(sys.base_prefix)
"""The Python that uv finds; without one it would load one from GitHub, which tests do not."""

SETTINGS = (
    "PIP_",
    "UV_",
    "SSL_CERT_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)
"""How packages are reached from this machine."""

COMPOSE = """services:
  web:
    image: busybox
    command: sleep 100
    network_mode: none
    init: true
"""

_ANN = """set -e
getent group docker >/dev/null || groupadd docker
id ann >/dev/null 2>&1 || useradd --shell /bin/bash --groups "$3" ann
[ ! -d /etc/sudoers.d ] || echo '%sudo ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/ann
rm -rf /home/ann && cp -r /etc/skel /home/ann
git clone -q "$1" /home/ann/apispy
chown -R ann:ann /home/ann
chmod 755 /root  # the Python for uv may be below it
touch /run/docker.sock && mount --bind "$2" /run/docker.sock
chown root:docker /run/docker.sock && chmod 660 /run/docker.sock
"""


def used() -> float:
    """Return the processor time of all commands that have ended, in seconds."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def section(page: str, title: str) -> str:
    """Return what a page has below a heading, up to the next one."""
    text = "\n" + (TOP / page).read_text()
    _, found, rest = text.partition(f"\n{title}\n")
    assert found, f"{page} has no {title!r}"
    return re.split(r"\n#+ [A-Z]", rest)[0]


def scripts(text: str) -> list[list[str]]:
    """Return the lines of the blocks of shell in a text, without their comments."""
    return [
        [line.partition("  #")[0].rstrip() for line in block.splitlines()]
        for block in re.findall(r"(?ms)^```sh\n(.*?)^```", text)
    ]


def typed(text: str) -> list[str]:
    """Return what is typed in the sessions of a text."""
    return [command.line for block in blocks_of(text) for command in block.commands if not block.server]


class Ann:
    """A new user. What she types is in one login shell for each call of `types`."""

    def __init__(self, root: ModernRoot, place: Path, socket: str, groups: str) -> None:
        self._root = root
        self.installing = 0.0  # seconds
        bundle = place / "ca-certificates.crt"
        bundle.write_bytes(
            Path(os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")).read_bytes()
        )
        bundle.chmod(0o644)
        source = place / "checkout.git"
        subprocess.run(["git", "clone", "-q", "--bare", str(TOP), str(source)], check=True)
        root.run("sh", "-c", _ANN, "sh", str(source), socket, groups)
        kept = {name: value for name, value in os.environ.items() if name.startswith(SETTINGS)}
        self._settings = kept | dict.fromkeys(("PIP_CERT", "SSL_CERT_FILE"), str(bundle)) | {
            "UV_PYTHON_DOWNLOADS": "never", "UV_LINK_MODE": "copy", "LANG": "C.UTF-8"
        }  # fmt: skip
        # What a login gets by PAM: Ubuntu has PATH here, and Debian in /etc/profile.
        for name, value in re.findall(r'(?m)^(\w+)="?(.*?)"?$', root.run("cat", "/etc/environment")):
            self._settings[name] = value

    def types(self, *lines: str, prints: str = "") -> str:
        """Type lines, each of which must succeed; the output has *prints*."""
        status, output = self.tries("set -e", *lines)
        assert status == 0, f"{lines}: {status}\n{output}"
        assert prints in output, f"{lines}: {prints!r} is not in\n{output}"
        return output

    def tries(self, *lines: str) -> tuple[int, str]:
        """Type lines, and return the exit code of the last and the output of all."""
        words = [*self._root.enter, "runuser", "-u", "ann", "--", "env", "-i"]
        words += ["HOME=/home/ann", "USER=ann", "TERM=dumb"]
        words += [f"{name}={value}" for name, value in self._settings.items()]
        done = subprocess.run(
            [*words, "bash", "-lc", "\n".join(('cd "$HOME"', *lines))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TEN_MINUTES,
            check=False,
        )
        return done.returncode, done.stdout

    def installs(self) -> None:
        """Type the first lines of the README: those for her Python."""
        newer, older = scripts(section("README.md", "## Installation"))[0]
        began = used()
        if self.has_old_python:
            self.types("pipx install uv")
            self.types(f"export PATH={PYTHON}/bin:$PATH", "cd apispy", older)
        else:
            self.types("cd apispy", newer)
        self.installing = used() - began
        assert self.installing > 1  # it was counted

    def joins_docker(self) -> None:
        """Type what apispy says to a user who may not use docker's socket yet."""
        status, output = self.tries("apispy doctor")
        assert (status, JOIN in output) == (1, True), output
        status, output = self.tries("apispy run -- docker ps")
        assert (status, JOIN.replace("ann", "$USER") in output) == (1, True), output
        self.types(JOIN)

    @property
    def has_old_python(self) -> bool:
        return "Python 3.11" in self.types("python3 --version")

    def walks(self, page: str, names: Mapping[str, str]) -> str:
        """Type the sessions of a page into one shell; each server has a shell of its own. Return the output of all.

        *names*: what the page calls by a usual name, which this machine may use for something else.
        """
        lines = []
        for number, block in enumerate(blocks_of((TOP / page).read_text())):
            if not block.server:
                lines += [command.line for command in block.commands]
                continue
            [command] = block.commands
            log = f"server-{number}.txt"
            lines += [
                f"env -u DOCKER_HOST -u DOCKER_TLS_VERIFY -u DOCKER_CERT_PATH {command.line} > {log} 2>&1 &",
                f'timeout 60 sh -c \'until grep -e "apispy: ready" -e "API listen on" {log}; do sleep 0.1; done\' ||'
                f" {{ cat {log}; false; }}",
            ]
        typed = "\n".join(lines)
        for usual, own in names.items():
            typed = typed.replace(usual, own)
        return self.types(typed, "sudo kill $(jobs -p)", "wait || true", "cat server-*.txt")


@pytest.fixture(scope="class")
def port() -> int:
    """A port for plaintext, where the page has 2375."""
    return free_port()


@pytest.fixture(scope="class")
def ann(request: pytest.FixtureRequest, place: Path, daemons: Daemons, port: int) -> Iterator[Ann]:
    system = request.cls.system
    if system is NOBLE and not ubuntu_answers():
        pytest.skip("Ubuntu's archive, from which this root is made, cannot be reached from here")
    where = place / system.suite
    where.mkdir()
    where.chmod(0o755)
    place.chmod(0o755)
    root = ModernRoot.start(where, system.suite, system.packages, [place, PYTHON])
    daemon = daemons.plain
    try:
        if system.own_engine:
            daemon = Daemon(where / "d", ["-H", f"tcp://127.0.0.1:{port}", "--tls=false"], root)
            daemon.docker("import", "-", IMAGE, input=busybox_root())
        daemon.docker("tag", IMAGE, "busybox")  # the pages use the image that readers have
        user = Ann(root, where, daemon.unix.path, system.joins)
        user.installs()
        if system.joins != "docker":
            user.joins_docker()
        yield user
    finally:
        if daemon is daemons.plain:
            daemon.docker("rmi", "busybox")  # only the tag
        else:
            daemon.stop()
        root.stop()


class FirstHour:
    """What a new user does on each system."""

    system: System

    def test_the_doctor_finds_nothing(self, ann: Ann) -> None:
        ann.types("apispy doctor", prints="ok")

    def test_without_docker(self, ann: Ann) -> None:
        ann.types("DOCKER_HOST=unix:///nowhere apispy demo", prints="ContainerCreate")

    def test_see_keep_and_allow_what_compose_does(self, ann: Ann) -> None:
        began = used()
        compose, permissions = scripts(section("README.md", "## Installation"))[1]
        ann.types(f"cat > compose.yaml <<'EOF'\n{COMPOSE}EOF")
        if self.system is BOOKWORM:  # its Compose is 1.29, and there is no `docker compose`
            compose = compose.replace("docker compose", "docker-compose")
        ann.types(compose, prints="ContainerCreate")
        assert "ContainerStart" in ann.types(
            permissions, "cat proxy.yaml", prints="image: wollomatic/socket-proxy"
        )
        assert ann.installing + used() - began < TEN_MINUTES
        ann.types("docker rm -f $(docker ps -aq --filter label=com.docker.compose.project) > /dev/null")

    @pytest.mark.parametrize(
        ("title", "prints"),
        [
            ("### See what a command sends to Docker", " stdout| hi"),
            ("### Record a session, then search, convert or compare it", "/containers/json all=1"),
            ("### Test without Docker", "recorded calls; every request got a response"),
        ],
    )
    def test_the_sessions_of_the_readme(self, ann: Ann, title: str, prints: str) -> None:
        ann.types(*typed(section("README.md", title)), prints=prints)

    def test_a_test_without_docker(self, ann: Ann) -> None:
        began = used()
        assert "(docs/pytest.md)" in section("README.md", "### Test without Docker")
        install = scripts(section("docs/pytest.md", "# Tests with pytest"))[0]
        if ann.has_old_python:
            install = [line.replace("python3", f"{PYTHON}/bin/python3") for line in install]
        program = typed((TOP / "docs/pytest.md").read_text())
        end = next(at for at, line in enumerate(program) if "/nowhere" in line) + 1
        ann.types("mkdir -p report", "cd report", *install, *program[:end], prints="1 passed")
        assert ann.installing + used() - began < TEN_MINUTES


class TestDebian13(FirstHour):
    system = TRIXIE


class TestDebian12(FirstHour):
    system = BOOKWORM


class TestUbuntu2404(FirstHour):
    system = NOBLE

    def test_walkthrough(self, ann: Ann, port: int) -> None:
        names = {f"{usual}": f"{free_port()}" for usual in (2376, 2377, 2378)} | {"2375": f"{port}"}
        said = ann.walks("docs/from-the-article.md", names)
        for line in (
            "HTTP/1.0 200 OK",
            " stdout| hello",
            "is not running",
            "Docker      ok",
            "machine spy points",
        ):
            assert line in said, said
        assert "problem" not in said, said
