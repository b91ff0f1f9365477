"""Contexts, machines and the environment: apispy and the docker CLIs mean the same daemon by the same words."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from apispy.endpoints import upstream

from .apispy_process import Apispy, apispy_command
from .battery_runner import CLIS, MAJORS
from .daemon import Daemons
from .wait import until


class Shell:
    """Runs commands with a home of their own, in which apispy and every docker CLI find the same things."""

    def __init__(self, home: Path) -> None:
        self.home = home
        (home / "bin").mkdir(parents=True)
        (home / "bin/apispy").symlink_to(apispy_command()[0])
        self.env = {
            "HOME": str(home),
            "XDG_DATA_HOME": f"{home}/data",
            "PATH": f"{home}/bin:/usr/local/bin:/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
        }

    def run(self, *words: str, code: int = 0, **env: str) -> str:
        """stdout, and stderr after it."""
        done = subprocess.run(
            words, env=self.env | env, cwd=self.home, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr


@pytest.fixture
def shell(place: Path, request: pytest.FixtureRequest) -> Shell:
    return Shell(place / f"sh{abs(hash(request.node.name)) % 10**8}")


@pytest.fixture
def spies_of(shell: Shell, daemons: Daemons) -> Iterator[list[Apispy]]:
    """Two apispys of the same user: with TLS on a port, and on a socket."""
    common = {"HOME": str(shell.home), "XDG_DATA_HOME": f"{shell.home}/data", "XDG_RUNTIME_DIR": ""}
    running: list[Apispy] = []
    for name, listen in (("t", "127.0.0.1:0"), ("u", f"unix://{shell.home}/u.sock")):
        words = ["--listen", listen, "--upstream", daemons.plain.unix.host]
        running.append(Apispy.start(shell.home / name, *words, env=common))
    yield running
    for spy in running:
        spy.kill()


def calls(spy: Apispy) -> int:
    return spy.out.count("/containers/json")


def passes(spy: Apispy, before: int) -> None:
    until(lambda: calls(spy) == before + 1, 10, f"the call to be shown; apispy said: {spy.output}")


@pytest.mark.parametrize("major", MAJORS)
def test_docker_goes_through_the_context_that_apispy_makes(
    major: str, shell: Shell, spies_of: list[Apispy]
) -> None:
    docker = str(CLIS[major])
    for spy in spies_of:
        target = str(spy.pid)
        assert "docker --context apispy ps" in shell.run("apispy", "context", "add", target)
        before = calls(spy)
        assert "CONTAINER ID" in shell.run(docker, "--context", "apispy", "ps")
        passes(spy, before)
        assert spy.at.host in shell.run(docker, "context", "ls")
        [seen] = json.loads(shell.run(docker, "context", "inspect", "apispy"))
        assert seen["Endpoints"]["docker"] == {"Host": spy.at.host, "SkipTLSVerify": False}
        material = {"docker": ["ca.pem", "cert.pem", "key.pem"]} if spy.at.certs else {}
        assert {k: sorted(v) for k, v in seen["TLSMaterial"].items()} == material
        assert seen["Metadata"]["Description"] == "Made by apispy"
    shell.run(docker, "context", "use", "apispy")
    assert "docker context use default" in shell.run("apispy", "context", "remove", code=2)
    shell.run(docker, "context", "use", "default")
    shell.run("apispy", "context", "remove")
    assert "apispy" not in shell.run(docker, "context", "ls")


@pytest.mark.parametrize("major", MAJORS)
def test_apispy_reads_the_contexts_that_docker_makes(major: str, shell: Shell, daemons: Daemons) -> None:
    docker, certs = str(CLIS[major]), daemons.tls_tcp.certs
    files = f"ca={certs}/ca.pem,cert={certs}/cert.pem,key={certs}/key.pem"
    made = {
        "mtls": f"host={daemons.tls_tcp.host},{files}",
        "unverified": f"host={daemons.tls_tcp.host.replace('127.0.0.1', '127.0.0.2')},{files},skip-tls-verify=true",
        "plain": f"host={daemons.plain_tcp.host}",
        "socket": f"host={daemons.plain.unix.host}",
        "gone": "host=tcp://127.0.0.1:1",
    }
    for name, options in made.items():
        shell.run(docker, "context", "create", name, "--docker", options)
    shell.run(docker, "context", "use", "plain")
    found = {entry["name"]: entry for entry in json.loads(shell.run("apispy", "endpoints", "--json"))}
    assert {n.removeprefix("context:") for n in found if n and n.startswith("context:")} == {*made, "default"}
    [current] = [name for name, entry in found.items() if entry["current"]]
    assert current == "context:plain"
    version = daemons.plain.docker("version", "-f", "{{.Server.Version}}").strip()
    for name in ("mtls", "plain", "socket"):
        assert found[f"context:{name}"]["daemon"]["version"] == version
    # 127.0.0.2 is where nobody listens: docker says so too, not that the certificate is wrong.
    assert found["context:unverified"]["problem"] == found["context:gone"]["problem"]
    listed = shell.run("apispy", "endpoints", COLUMNS="80")
    assert f"version {version}, API " in listed
    assert max(map(len, listed.splitlines())) <= 80


@pytest.mark.parametrize("name", ["mtls", "socket"])
def test_spying_on_a_context(name: str, shell: Shell, daemons: Daemons) -> None:
    docker, certs = str(CLIS[max(CLIS)]), daemons.tls_tcp.certs
    files = f"ca={certs}/ca.pem,cert={certs}/cert.pem,key={certs}/key.pem"
    where = {"mtls": f"host={daemons.tls_tcp.host},{files}", "socket": f"host={daemons.plain.unix.host}"}[
        name
    ]
    shell.run(docker, "context", "create", "far", "--docker", where)
    env = {"DOCKER_CONFIG": f"{shell.home}/.docker", "DOCKER_CONTEXT": "far"}
    spy = Apispy.start(shell.home / "s", "--listen", f"unix://{shell.home}/s.sock", env=env)
    try:
        assert "CONTAINER ID" in shell.run(docker, "-H", spy.at.host, "ps")
        passes(spy, 0)
    finally:
        spy.kill()


ENVIRONMENTS: list[dict[str, str]] = [
    {},
    {"DOCKER_CONTEXT": "aa"},
    {"DOCKER_CONTEXT": "default"},
    {"DOCKER_HOST": "tcp://127.0.0.1:9"},
    {"DOCKER_HOST": "tcp://127.0.0.1:9", "DOCKER_CONTEXT": "aa"},
    {"DOCKER_HOST": "tcp://127.0.0.1:9", "DOCKER_CONTEXT": "nonsense"},
    {"DOCKER_CONTEXT": "aa", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/nonexistent"},
    {"DOCKER_CONTEXT": "bb"},
]
NEWER_ONLY: list[dict[str, str]] = [{"DOCKER_CONTEXT": ""}, {"DOCKER_HOST": "", "DOCKER_CONTEXT": "aa"}]
"""20.10 takes a variable that is set and empty for one that is set."""


@pytest.mark.parametrize("major", MAJORS)
def test_docker_and_apispy_choose_the_same(major: str, shell: Shell) -> None:
    docker = str(CLIS[major])
    hosts = {"aa": "tcp://127.0.0.1:1", "bb": f"unix://{shell.home}/none", "cc": "tcp://127.0.0.1:3"}
    for name, host in hosts.items():
        shell.run(docker, "context", "create", name, "--docker", f"host={host}")
    for current in ("cc", "default"):
        shell.run(docker, "context", "use", current)
        for env in ENVIRONMENTS + (NEWER_ONLY if int(major) > 20 else []):
            chosen = upstream(environ=env, home=shell.home)
            if chosen.path == "/var/run/docker.sock":  # somebody may listen there
                assert "default *" in shell.run(docker, "context", "ls", **env), env
            else:
                said = shell.run(docker, "ps", code=1, **env)
                assert f"Cannot connect to the Docker daemon at {chosen}." in said, env


@pytest.mark.parametrize("language", ["bash", "zsh", "fish", "tcsh"])
def test_a_shell_goes_through_apispy(language: str, shell: Shell, spies_of: list[Apispy]) -> None:
    tls, unix = spies_of
    said = shell.run("apispy", "env", code=2)
    port = tls.at.address[1]
    assert "Several apispy instances are running" in said
    assert f"apispy env {port}  (pid {tls.pid}, " in said
    command = {"fish": "apispy env {} | source", "tcsh": 'eval "`apispy env {}`"'}.get(
        language, 'eval "$(apispy env {})"'
    )
    for spy, name in ((tls, str(port)), (unix, f"{shell.home}/u.sock")):
        before = calls(spy)
        # What stood there leads nowhere: it has to go.
        old = {"DOCKER_CONTEXT": "nowhere", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/nowhere"}
        script = f"{command.format(name)}; {CLIS[max(CLIS)]} ps"
        assert "CONTAINER ID" in shell.run(language, "-c", script, **old)
        passes(spy, before)
    assert unix.end() == 0
    tls.kill()  # no farewell: its file stays behind
    assert "No apispy is running" in shell.run("apispy", "env", code=2)
    assert not list((shell.home / "data/apispy/running").iterdir())


def test_a_machine_for_docker_machine(shell: Shell, spies_of: list[Apispy]) -> None:
    tls, unix = spies_of
    assert "Docker Machine requires verified TLS" in shell.run(
        "apispy", "machine", "add", "spy", str(unix.pid), code=2
    )
    shell.run("apispy", "machine", "add", "spy", str(tls.pid))
    # What `docker-machine env spy` says, by its source: commands/env.go.
    env = {
        "DOCKER_TLS_VERIFY": "1",
        "DOCKER_HOST": tls.at.host,
        "DOCKER_CERT_PATH": f"{shell.home}/.docker/machine/machines/spy",
    }
    before = calls(tls)
    assert "CONTAINER ID" in shell.run(str(CLIS[max(CLIS)]), "ps", **env)
    passes(tls, before)
    storage = {"MACHINE_STORAGE_PATH": f"{shell.home}/.docker/machine"}
    words = ["--listen", f"unix://{shell.home}/m.sock", "--upstream", "machine:spy"]
    again = Apispy.start(shell.home / "m", *words, env=storage)
    try:
        before = calls(tls)
        assert "CONTAINER ID" in shell.run(str(CLIS[max(CLIS)]), "-H", again.at.host, "ps")
        passes(tls, before)
    finally:
        again.kill()
    shell.run("apispy", "machine", "remove", "spy")


def test_the_doctor_on_a_real_daemon(shell: Shell, daemons: Daemons) -> None:
    words = ["--listen", "0", "--upstream", daemons.plain.unix.host, "--json"]
    found = [
        (row["check"], row["state"], row["text"]) for row in json.loads(shell.run("apispy", "doctor", *words))
    ]
    version = daemons.plain.docker("version", "-f", "{{.Server.Version}}").strip()
    [daemon] = [text for check, _, text in found if check == "daemon"]
    assert daemon.startswith(f"{daemons.plain.unix.host}: version {version}, API ")
    assert ("clock", "ok", "the clocks of the daemon and of this machine agree") in found
    clis = [text for check, state, text in found if (check, state) == ("docker CLI", "ok")]
    assert len(clis) == len([text for check, _, text in found if check == "API versions"]) == len(CLIS)
