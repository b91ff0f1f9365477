"""`apispy run -- COMMAND`: the command is as it would be alone, and what it says to Docker is shown."""

import json
import os
import re
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from .battery_runner import CLIS
from .clients import Client, Result
from .daemon import IMAGE, Daemons
from .wait import until


@pytest.fixture
def client(place: Path, data: Path, daemons: Daemons, request: pytest.FixtureRequest) -> Client:
    """Commands that are told the daemon by DOCKER_HOST, with `apispy` on their PATH."""
    where = place / f"run-{abs(hash(request.node.name)) % 10**8}"
    made = Client(daemons.plain.unix, daemons.plain, CLIS[max(CLIS)], "zqrun", where, data)
    made.add_apispy()
    return made


def both(client: Client, script: str) -> tuple[Result, Result, str]:
    """(alone, under apispy, what apispy printed into its file)."""
    alone = client.sh(script)
    under = client.sh(f"apispy run -o calls -- {script}")
    return alone, under, (client.work / "calls").read_text()


def as_a_shell_says(code: int) -> int:
    return 128 - code if code < 0 else code


@pytest.mark.parametrize(
    ("script", "operation"),
    [
        ("docker run --rm $N $IMG sh -c 'echo out; echo err >&2; exit 7'", "ContainerAttach"),
        ("docker version --format '{{.Server.Version}}'", "SystemVersion"),
        ("sh -c 'echo x | docker run --rm -i $N $IMG cat'", "ContainerAttach"),
        ("docker inspect nosuch", "ContainerInspect"),
        ("sh -c 'docker run --rm -i $N $IMG md5sum <$DATA/10mb'", "ContainerWait"),
        ("$PYTHON -c \"import docker; print(docker.from_env().version()['ApiVersion'])\"", "SystemVersion"),
        ("docker-compose version --short", ""),
        ("sh -c 'kill -9 $$'", ""),
    ],
)
def test_output_and_exit_code_are_the_commands_own(client: Client, script: str, operation: str) -> None:
    alone, under, calls = both(client, script)
    assert (under.out, under.err, under.code) == (alone.out, alone.err, as_a_shell_says(alone.code))
    assert operation in calls
    assert ("calls  errors" in calls) == bool(operation)


def test_docker_compose_goes_up_and_down_under_it(client: Client) -> None:
    (client.work / "docker-compose.yml").write_text(
        f"version: '2.2'\nservices:\n  web:\n    image: {IMAGE}\n    network_mode: none\n    command: sleep 60\n"
    )
    result = client.sh("apispy run -o calls -- docker-compose -p $P up -d && docker-compose -p $P down -t 0")
    assert result.code == 0, result
    assert "ContainerCreate" in (client.work / "calls").read_text()


def test_calls_go_to_standard_error_with_a_summary(client: Client) -> None:
    result = client.sh("apispy run -- docker ps -q --filter name=nosuch")
    assert result.out == b""
    assert re.search(rb"ContainerList +GET  /v1\.\d+/containers/json", result.err)
    assert b"calls  errors" in result.err
    assert b"\x1b" not in result.err


def test_what_it_prints_can_be_json_in_a_private_file(client: Client) -> None:
    client.sh("umask 000; apispy run --json -o calls.json -- docker info")
    file = client.work / "calls.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    operations = [json.loads(line)["operation"] for line in file.read_text().splitlines()]
    assert "SystemInfo" in operations


def test_over_tcp_it_is_mutual_tls(client: Client) -> None:
    result = client.sh(
        "DOCKER_CONTEXT=nosuch apispy run -q --tcp -- sh -c 'env | grep ^DOCKER_; docker ps -q --filter name=x'"
    )
    assert result.code == 0, result
    names = dict(line.split("=", 1) for line in result.out.decode().splitlines())
    assert names["DOCKER_HOST"].startswith("tcp://127.0.0.1:")
    assert names["DOCKER_TLS_VERIFY"] == "1"
    assert Path(names["DOCKER_CERT_PATH"], "key.pem").stat().st_mode & 0o077 == 0
    assert "DOCKER_CONTEXT" not in names


def test_its_socket_is_private_and_gone_afterwards(client: Client) -> None:
    result = client.sh("apispy run -q -- sh -c 'stat -c %a ${DOCKER_HOST#unix://}; echo $DOCKER_HOST'")
    mode, host = result.out.decode().split()
    assert mode == "600"
    assert not Path(host.removeprefix("unix://")).parent.exists()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("-- nosuch-program", 127, b"nosuch-program: no such command"),
        ("-- /etc/passwd", 126, b"/etc/passwd: it cannot be executed"),
        ("--nosuch -- true", 2, b"No such option: --nosuch"),
        ("-o /nosuch/x -- true", 1, b"--output /nosuch/x: No such file or directory"),
        ("", 2, b"Missing argument"),
    ],
)
def test_what_cannot_be_run_is_said(client: Client, words: str, code: int, says: bytes) -> None:
    result = client.sh(f"apispy run {words}")
    assert (result.code, result.out) == (code, b"")
    assert says in result.err
    assert b"Traceback" not in result.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signals_are_passed_on(client: Client, number: signal.Signals) -> None:
    name = number.name.removeprefix("SIG")
    script = f"trap 'echo got {name}; exit 9' {name}; echo up; while :; do sleep 0.02; done"
    process = subprocess.Popen(
        [client.where / "bin/apispy", "run", "-q", "--", "sh", "-c", script],
        env=client.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert process.stdout
    assert process.stdout.readline() == b"up\n"
    process.send_signal(number)
    out, _ = process.communicate(timeout=20)
    assert (out, process.returncode) == (f"got {name}\n".encode(), 9)


def test_a_shell_in_a_container_works_in_the_terminal(client: Client) -> None:
    """Input, output, size, Ctrl-C and exit code are the terminal's own; what is printed stays in its file."""
    terminal = client.terminal("apispy run -o calls -- docker run --rm -it $N $IMG sh", size=(33, 99))
    terminal.expect(b"/ # ")
    terminal.send(b"stty size\r")
    terminal.expect(b"33 99")

    def resized() -> bool:
        """The CLI listens for new sizes only some time after it has told the first one: what came before is lost."""
        if "h=44 w=111" in (client.work / "calls").read_text():  # before the size changes again
            return True
        terminal.resize(44, 110)
        terminal.resize(44, 111)
        return False

    until(resized, 20, "the resize", every=0.2)
    terminal.send(b"stty size; sleep 100\r")
    terminal.expect(b"44 111")
    terminal.send(b"\x03")
    terminal.expect(b"/ # ")
    terminal.send(b"exit 5\r")
    result = terminal.finish()
    assert result.code == 5
    assert b"ContainerAttach" not in result.out


def test_ctrl_c_reaches_the_command_once(client: Client) -> None:
    script = (
        "trap 'n=$((n+1)); echo got $n' INT; echo up; while [ ! -e stop ]; do sleep 0.02; done; echo sum $n"
    )
    terminal = client.terminal(f'apispy run -q -- sh -c "{script}"'.replace("$", "\\$"))
    terminal.expect(b"up")
    terminal.send(b"\x03")
    terminal.expect(b"got 1")
    (client.work / "stop").touch()
    terminal.expect(b"sum 1")
    assert terminal.finish().code == 0


OVERHEAD = 1.2
"""Seconds that apispy may add to a command at its start, at most. README says so."""

IMPORTS = 0.5
"""Seconds of processor time for mitmproxy's imports on the machine that OVERHEAD is meant for."""


def test_it_starts_quickly_and_most_of_it_are_mitmproxys_imports(client: Client) -> None:
    """In processor time, the best of three each.

    On a machine that takes longer than IMPORTS for mitmproxy's imports, the bound grows by as much.
    """

    def best(script: str) -> float:
        def took() -> float:
            before = os.times()
            assert client.sh(script).code == 0
            after = os.times()
            return after.children_user + after.children_system - before.children_user - before.children_system

        return min(took() for _ in range(3))

    added = best("apispy run -q -- true") - best("true")
    imports = best("$PYTHON -c 'import mitmproxy.master'") - best("$PYTHON -c pass")
    assert added < OVERHEAD * max(1.0, imports / IMPORTS)
    assert imports > added / 3  # a third and more, and no other part has as much
