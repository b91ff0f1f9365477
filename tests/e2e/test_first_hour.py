"""The first hour of a new user, on a Debian or an Ubuntu with nothing but Docker's client and pipx: what the pages say
is typed.

The root is one of debootstrap (`modern_root.py`). A user `ann` has a clone of this checkout there, and the socket of a real
daemon. She types what README.md and docs/ say into her login shell. Each class below is one root, so that `--dist loadscope`
makes each root once.
"""

import os
import re
import resource
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.github_action import BASH, STEPS, step_environment

from .daemon import IMAGE, Daemon, Daemons, busybox_root, free_port
from .modern_root import ModernRoot, ubuntu_answers
from .pages import Output, blocks_of

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

READING = (
    "permissions", "story", "coverage", "drift", "guard", "statistics", "captures", "diff", "imports",
)  # fmt: skip
"""Pages in docs/ whose sessions only read samples/, so that each root prints what the page shows."""

INTEGRATION = """import report

print(report.names())
"""
"""What docs/ci.md calls integration.py: the program of docs/pytest.md, with a daemon."""

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
        self._report = ""
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

    def walks(
        self, text: str, names: Mapping[str, str], stop: str = "kill", *, may_fail: bool = False
    ) -> str:
        """Type the sessions of a text into one shell; each server has a shell of its own. Return the output of all.

        *names*: what the text calls by a usual name, which this machine may use for something else. *stop* ends servers.
        """
        lines = []
        for number, block in enumerate(blocks_of(text)):
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
        end = [f"{stop} $(jobs -p)", "wait || true", "cat server-*.txt"] if " > server-" in typed else []
        return self.tries(typed, *end)[1] if may_fail else self.types(typed, *end)

    def reads(self, page: str) -> None:
        """Type the sessions of a page in the checkout; each command prints what the page shows."""
        commands = [command for block in blocks_of((TOP / page).read_text()) for command in block.commands]
        assert commands, page
        mark = "-- the next command --"
        lines = [line for command in commands for line in (f"echo '{mark}'", command.line)]
        _, output = self.tries("cd apispy", "export COLUMNS=100", *lines)  # the width of the page
        for command, printed in zip(commands, output.split(f"{mark}\n")[1:], strict=True):
            # Two streams are one here, so their lines may be in another order.
            assert not Output(command, printed.splitlines(), any_order=True).differs, (
                f"{page}: {command.line}\n{printed}"
            )

    def adds_what_import_needs(self) -> None:
        """Type what apispy says when a package is missing."""
        for sample in ("docker-28.2.pcap", "docker-py.cassette.yaml"):
            status, output = self.tries(f"apispy import apispy/samples/{sample}")
            assert status == 1, output
            self.types(output.rpartition("Type: ")[2])

    def makes_report(self) -> str:
        """Type docs/pytest.md up to the test that passes without a daemon, once. Return what that printed."""
        if not self._report:
            install = scripts(section("docs/pytest.md", "# Tests with pytest"))[0]
            if self.has_old_python:
                install = [line.replace("python3", f"{PYTHON}/bin/python3") for line in install]
            program = typed((TOP / "docs/pytest.md").read_text())
            end = next(at for at, line in enumerate(program) if "/nowhere" in line) + 1
            self._report = self.types("mkdir -p report", "cd report", *install, *program[:end])
        return self._report

    def runs_step(self, name: str, **inputs: str) -> tuple[int, str]:
        """Run a step of action.yml in ~/report, as a runner of GitHub's would."""
        files = {"RUNNER_TEMP": "", "GITHUB_STEP_SUMMARY": "/summary.md", "GITHUB_OUTPUT": "/output"}
        values = {key: f"/home/ann/runner{path}" for key, path in files.items()}
        values |= {"GITHUB_ACTION_PATH": "/home/ann/apispy"}
        values |= step_environment(name, {key.replace("_", "-"): value for key, value in inputs.items()})
        words = ["env", *(f"{key}={value}" for key, value in values.items()), *BASH, STEPS[name]["run"]]
        return self.tries("mkdir -p runner", "cd report", shlex.join(words))


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
    installs_action = False
    """Whether the action's own installation is run: it takes as long as that of apispy."""

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
        ann.types(
            "apispy permissions --check proxy.yaml --as wollomatic compose.jsonl", prints=" calls allowed."
        )
        assert ann.installing + used() - began < TEN_MINUTES
        ann.types("docker rm -f $(docker ps -aq --filter label=com.docker.compose.project) > /dev/null")

    @pytest.mark.parametrize(
        ("title", "prints"),
        [
            ("### See what a command sends to Docker", " stdout| hi"),
            ("### Watch any client", "SystemVersion"),
            ("### Record a session, then search, convert or compare it", "/containers/json all=1"),
            ("### Test without Docker", "recorded calls; every request got a response"),
        ],
    )
    def test_the_sessions_of_the_readme(self, ann: Ann, title: str, prints: str) -> None:
        assert prints in ann.walks(section("README.md", title), {})

    def test_a_call_that_fails(self, ann: Ann) -> None:
        [command] = typed(section("README.md", "### Make calls fail"))
        status, output = ann.tries(command)
        assert (status, output) == (1, "Error response from daemon: the disk is full\n")

    def test_a_test_without_docker(self, ann: Ann) -> None:
        began = used()
        assert "(docs/pytest.md)" in section("README.md", "### Test without Docker")
        assert "1 passed" in ann.makes_report()
        assert ann.installing + used() - began < TEN_MINUTES

    def test_the_pages_that_read_samples(self, ann: Ann) -> None:
        ann.adds_what_import_needs()
        for name in READING:
            ann.reads(f"docs/{name}.md")

    @pytest.mark.parametrize(
        ("page", "prints"),
        [
            (
                "replay",
                ["every request got a response\n7\n", "1 request had no recorded response", "\n125\n"],
            ),
            ("fixtures", [" calls, in order", "wrote ps.json", "\nweb\n"]),
        ],
    )
    def test_the_pages_that_record(self, ann: Ann, page: str, prints: list[str]) -> None:
        ann.types(f"mkdir {page}")
        text = f"```console\n$ cd {page}\n```\n" + (TOP / f"docs/{page}.md").read_text()
        said = ann.walks(text, {}, may_fail=True)  # some end with the exit code of their container
        assert said.count("hello\n") > 1, said
        for line in prints:
            assert line in said, said

    def test_ci(self, ann: Ann) -> None:
        """Type what the action and the jobs of docs/ci.md run; a runner of GitHub's and GitLab's is not at hand."""
        ann.makes_report()
        page = (TOP / "docs/ci.md").read_text()
        _, gitlab, hooks = (yaml.safe_load(text) for text in re.findall(r"(?ms)^```yaml\n(.*?)^```", page))
        ann.types("cd report", f"cat > integration.py <<'EOF'\n{INTEGRATION}EOF", ". .venv/bin/activate",
                  *(line for job in gitlab.values() for line in job["script"] if not line.startswith("pip install")),
                  *gitlab["record"]["after_script"], f"ls {' '.join(gitlab['record']['artifacts']['paths'])}",
                  prints="ContainerList")  # fmt: skip
        status, output = (
            ann.runs_step("Install apispy", python="python3") if self.installs_action else (0, "")
        )
        if ann.has_old_python:
            assert (status, "::error::apispy needs Python 3.12 or newer" in output) == (1, True), output
        else:
            assert status == 0, output
        ann.types("mkdir -p runner", "[ -e runner/apispy ] || ln -s ~/report/.venv runner/apispy")

        def job(code: int, prints: str, **inputs: str) -> None:
            status, output = ann.runs_step("Run with apispy", **inputs)
            assert status == 0, output
            status, output = ann.runs_step("Report", **inputs)
            assert (status, prints in output) == (code, True), output

        job(0, "", run="docker ps")
        ann.types("grep ContainerList runner/summary.md", "ls $(sed -n s/^page=//p runner/output)")
        [[baseline]] = scripts(page)
        ann.types("mkdir -p report/.github", "cd report", "cp ~/runner/calls.jsonl .", baseline)
        new = {"permissions": baseline.partition("> ")[2], "fail_on_new_permissions": "true"}
        job(0, "", run="docker ps", **new)
        job(1, "does not have: ImageList.", run="docker ps\ndocker images", **new)
        ann.types("grep '| new | ImageList' runner/summary.md")
        client = ". .venv/bin/activate\nDOCKER_CONFIG=/nowhere python integration.py"
        job(0, "", run=client, mode="replay", fixture="fixtures/ps.json")
        [hook] = hooks["repos"][0]["hooks"]
        ann.types(
            "cd report",
            f"{hook['entry']} $(find . -name '*.json' | grep -E '{hook['files']}')",
            prints="ps.json",
        )


class TestDebian13(FirstHour):
    system = TRIXIE
    installs_action = True


class TestDebian12(FirstHour):
    system = BOOKWORM
    installs_action = True  # which refuses this Python


class TestUbuntu2404(FirstHour):
    system = NOBLE

    def test_walkthrough(self, ann: Ann, port: int) -> None:
        names = {f"{usual}": f"{free_port()}" for usual in (2376, 2377, 2378)} | {"2375": f"{port}"}
        said = ann.walks((TOP / "docs/from-the-article.md").read_text(), names, "sudo kill")
        for line in (
            "HTTP/1.0 200 OK",
            " stdout| hello",
            "is not running",
            "Docker      ok",
            "machine spy points",
        ):
            assert line in said, said
        assert "problem" not in said, said
