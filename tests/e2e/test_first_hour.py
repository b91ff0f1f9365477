"""The first hour of a new user, on a Debian with nothing but Docker's client and pipx: what the pages say is typed.

The root is one of debootstrap (`modern_root.py`). A user `ann` has a clone of this checkout there, and the socket of a real
daemon. She types what README.md and docs/ say into her login shell.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .daemon import IMAGE, Daemons
from .modern_root import ModernRoot
from .pages import blocks_of

TOP = Path(__file__).parents[2]

pytestmark = pytest.mark.timeout(1200)  # the first test of each root may make it

BASE = "python3 python3-venv pipx git"
SUITES = {
    "trixie": f"{BASE} docker-cli docker-compose",  # Debian 13
    "bookworm": f"{BASE} docker.io docker-compose",  # Debian 12, whose Python is too old
}
"""What a user has installed, by the name of the Debian."""

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
id ann >/dev/null 2>&1 || useradd --shell /bin/bash --groups docker ann
rm -rf /home/ann && cp -r /etc/skel /home/ann
git clone -q "$1" /home/ann/apispy
chown -R ann:ann /home/ann
chmod 755 /root  # the Python for uv may be below it
touch /run/docker.sock && mount --bind "$2" /run/docker.sock
chown root:docker /run/docker.sock && chmod 660 /run/docker.sock
"""


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

    def __init__(self, root: ModernRoot, place: Path, daemons: Daemons) -> None:
        self._root = root
        bundle = place / "ca-certificates.crt"
        bundle.write_bytes(
            Path(os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")).read_bytes()
        )
        bundle.chmod(0o644)
        source = place / "checkout.git"
        subprocess.run(["git", "clone", "-q", "--bare", str(TOP), str(source)], check=True)
        root.run("sh", "-c", _ANN, "sh", str(source), daemons.plain.unix.path)
        kept = {name: value for name, value in os.environ.items() if name.startswith(SETTINGS)}
        self._settings = kept | dict.fromkeys(("PIP_CERT", "SSL_CERT_FILE"), str(bundle)) | {
            "UV_PYTHON_DOWNLOADS": "never", "UV_LINK_MODE": "copy", "LANG": "C.UTF-8"
        }  # fmt: skip

    def types(self, *lines: str, prints: str = "") -> str:
        """Type lines, each of which must succeed; the output has *prints*."""
        words = [
            *self._root.enter,
            "runuser",
            "-u",
            "ann",
            "--",
            "env",
            "-i",
            "HOME=/home/ann",
            "USER=ann",
            "TERM=dumb",
        ]
        words += [f"{name}={value}" for name, value in self._settings.items()]
        done = subprocess.run(
            [*words, "bash", "-lc", "\n".join(("set -e", 'cd "$HOME"', *lines))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"{lines}: {done.returncode}\n{done.stdout}"
        assert prints in done.stdout, f"{lines}: {prints!r} is not in\n{done.stdout}"
        return done.stdout


@pytest.fixture(params=list(SUITES), scope="module")
def ann(request: pytest.FixtureRequest, place: Path, daemons: Daemons) -> Iterator[Ann]:
    suite = request.param
    daemons.plain.docker("tag", IMAGE, "busybox")  # the pages use the image that readers have
    where = place / suite
    where.mkdir()
    where.chmod(0o755)
    place.chmod(0o755)
    root = ModernRoot.start(where, suite, SUITES[suite], [place, PYTHON])
    try:
        user = Ann(root, where, daemons)
        newer, older = scripts(section("README.md", "## Installation"))[0]
        if suite == "bookworm":
            user.types("pipx install uv")
            user.types(f"export PATH={PYTHON}/bin:$PATH", "cd apispy", older)
        else:
            user.types("cd apispy", newer)
        yield user
    finally:
        root.stop()
        daemons.plain.docker("rmi", "busybox")  # only the tag


def test_without_docker(ann: Ann) -> None:
    ann.types("DOCKER_HOST=unix:///nowhere apispy demo", prints="ContainerCreate")


def test_see_keep_and_allow_what_compose_does(ann: Ann) -> None:
    compose, permissions = scripts(section("README.md", "## Installation"))[1]
    ann.types(f"cat > compose.yaml <<'EOF'\n{COMPOSE}EOF")
    if "docker-compose version 1." in ann.types(
        "docker-compose --version"
    ):  # Debian 12 has no `docker compose`
        compose = compose.replace("docker compose", "docker-compose")
    ann.types(compose, prints="ContainerCreate")
    assert "ContainerStart" in ann.types(
        permissions, "cat proxy.yaml", prints="image: wollomatic/socket-proxy"
    )
    ann.types("docker rm -f $(docker ps -aq --filter label=com.docker.compose.project) > /dev/null")


@pytest.mark.parametrize(
    ("title", "prints"),
    [
        ("### See what a command sends to Docker", "#3 stdout| hi"),
        (
            "### Record a session, then search, convert or compare it",
            "ContainerList    GET  /v1.41/containers/json",
        ),
        ("### Test without Docker", "played 5 of 5 recorded calls"),
    ],
)
def test_the_sessions_of_the_readme(ann: Ann, title: str, prints: str) -> None:
    ann.types(*typed(section("README.md", title)), prints=prints)


def test_a_test_without_docker(ann: Ann) -> None:
    install = scripts(section("docs/pytest.md", "# Tests with pytest"))[0]
    if "Python 3.11" in ann.types("python3 --version"):
        install = [line.replace("python3", f"{PYTHON}/bin/python3") for line in install]
    program = typed((TOP / "docs/pytest.md").read_text())
    end = next(at for at, line in enumerate(program) if "/nowhere" in line) + 1
    ann.types("mkdir -p report", "cd report", *install, *program[:end], prints="1 passed")
