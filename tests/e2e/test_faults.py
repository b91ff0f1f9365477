"""--fault with real clients: they report what went wrong as docs/faults.md says, and apispy owns up to it."""

import json
import re
from pathlib import Path

import pytest

from .apispy_process import Apispy
from .battery_runner import CLIS
from .clients import Client
from .daemon import Daemons
from .options import endpoint_options, listen_options

MAJORS = sorted(CLIS) or ["none"]
WAYS = {"unix": "", "mtls": "--tcp"}
"""How `apispy run` is reached, and its option for it."""


def routes(turn: int) -> pytest.MarkDecorator:
    """Each CLI by one of the WAYS, and each of the WAYS with one CLI: tests of both turns together have all pairs."""
    steps = range(max(len(MAJORS), len(WAYS)))
    pairs = [(MAJORS[step % len(MAJORS)], list(WAYS)[(step + turn) % len(WAYS)]) for step in steps]
    params = [pytest.param(major, WAYS[name], id=f"{major}-{name}") for major, name in pairs]
    return pytest.mark.parametrize(("client", "way"), params, indirect=["client"])


EVEN, ODD = routes(0), routes(1)
ANY_CLI = pytest.mark.parametrize("client", MAJORS[-1:], indirect=True)
"""Of tests in which no docker CLI runs, or in which it does not matter which."""


@pytest.fixture(params=MAJORS)
def client(place: Path, data: Path, daemons: Daemons, request: pytest.FixtureRequest) -> Client:
    """A docker CLI, and `apispy` on its PATH."""
    where = place / f"fault-{abs(hash(request.node.name)) % 10**8}"
    made = Client(daemons.plain.unix, daemons.plain, CLIS[request.param], "zqfault", where, data)
    made.add_apispy()
    return made


def shown(client: Client) -> str:
    return (client.work / "calls").read_text()


def run(client: Client, fault: str, script: str, *options: str):  # type: ignore[no-untyped-def]
    return client.sh(f"apispy run {' '.join(options)} -o calls --force --fault '{fault}' -- {script}")


@EVEN
def test_a_status_is_what_the_daemon_would_have_said(client: Client, way: str) -> None:
    fault = 'op:ContainerCreate status=507 message="no space left on device"'
    result = run(client, fault, "docker run --rm $N $IMG echo hello", way)
    assert result.code == 125
    assert b"Error response from daemon: no space left on device" in result.err
    assert re.search(
        r"ContainerCreate .* -> 507 no space left on device \(.*\), note: answered by apispy: fault ",
        shown(client),
    )
    assert f"fault {fault}: hit 1 of 1 matching request" in shown(client)


@ODD
def test_only_once(client: Client, way: str) -> None:
    client.sh("docker create --name $P $N $IMG true")
    result = run(
        client, "op:ContainerStart status=500 times=1", "sh -c 'docker start $P; docker start $P'", way
    )
    client.sh("docker rm $P")
    assert result.out == b"zqfault\n"
    assert b"apispy: fault op:ContainerStart status=500 times=1" in result.err


@EVEN
def test_a_delay_and_everything_works(client: Client, way: str) -> None:
    result = run(
        client, "op:ContainerStart delay=1500ms", "sh -c 'echo in | docker run --rm -i $N $IMG cat'", way
    )
    assert (result.out, result.err, result.code) == (b"in\n", b"", 0)
    started = re.search(
        r"ContainerStart .*\((\d+(?:\.\d+)?) s\), note: delayed by apispy for 1\.5\d* s, fault op:",
        shown(client),
    )
    assert started is not None, shown(client)
    assert float(started[1]) >= 1.5


def test_a_reset_as_each_transport_has_it(client: Client) -> None:
    over_tcp = run(client, "op:ContainerList reset", "docker ps", "--tcp")
    assert b"connection reset by peer" in over_tcp.err
    over_unix = run(client, "op:ContainerList reset", "docker ps")
    assert re.search(rb"EOF|reset by peer|broken pipe", over_unix.err)
    assert over_tcp.code == over_unix.code == 1
    assert ", cut after" in shown(client)
    assert ": reset by apispy, fault op:ContainerList reset" in shown(client)


@ODD
def test_garbage_is_called_malformed(client: Client, way: str) -> None:
    result = run(client, "op:ContainerList garbage", "docker ps", way)
    assert b"malformed HTTP" in result.err
    assert result.code == 1
    assert "answered with garbage by apispy" in shown(client)


@EVEN
def test_an_answer_that_breaks_off(client: Client, way: str) -> None:
    client.daemon.docker("create", "--name", "zqfault", "--network", "none", "busybox:test", "true")
    try:
        result = run(client, "op:ContainerInspect drop-after=100B", "docker inspect zqfault", way)
    finally:
        client.daemon.docker("rm", "zqfault")
    assert b"unexpected EOF" in result.err
    assert result.code == 1
    assert "cut by apispy, fault op:ContainerInspect drop-after=100B" in shown(client)


def test_a_hijacked_session_that_breaks_off_looks_ended(client: Client) -> None:
    script = "docker run --rm $N $IMG sh -c 'for i in 0 1 2 3 4 5 6 7 8 9; do echo 0123456789 $i; usleep 50000; done'"
    result = run(client, "op:ContainerAttach drop-after=60B", script)
    assert result.out == b"0123456789 0\n0123456789 1\n"
    assert (result.err, result.code) == (b"", 0)
    assert "cut by apispy" in shown(client)


def test_no_rule_hits_and_all_is_as_without(client: Client) -> None:
    script = "sh -c 'echo typed | docker run --rm -i $N $IMG sh -c \"cat; echo err >&2; exit 3\"; echo $?; docker build -q - <Dockerfile | wc -l'"
    (client.work / "Dockerfile").write_text("FROM busybox:test\nENV A=1\n")
    alone = client.sh(script)
    under = run(client, "container:nosuch image:nosuch reset", script)
    assert (under.out, under.err, under.code) == (alone.out, alone.err, alone.code)
    assert ": no request matched" in shown(client)


def test_a_container_is_meant_by_its_name_when_it_is_called_by_its_id(client: Client) -> None:
    script = "sh -c 'docker create --name $P $N $IMG true >id; docker start $(cat id); docker rm $P'"
    result = run(client, "container:zqfault op:ContainerStart status=500 message=named", script)
    assert b"Error response from daemon: named" in result.err
    assert result.code == 0, result


PYTHON = """
import docker, requests
api = docker.from_env(version="1.41")
try:
    api.containers.create("busybox:test")
except docker.errors.APIError as error:
    print(error.status_code, error.explanation)
try:
    api.containers.list()
except requests.exceptions.ConnectionError as error:
    print("ConnectionError")
print(api.containers.list(filters={"name": "nosuch"}))
try:
    print(len(api.info()))
except requests.exceptions.RequestException as error:
    print("cut")
"""


@ANY_CLI
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_docker_py_raises_what_it_should(client: Client, way: str) -> None:
    (client.work / "a.py").write_text(PYTHON)
    faults = ["image:busybox status=409", "op:ContainerList reset times=1", "op:SystemInfo drop-after=10B"]
    words = " ".join(f"--fault '{fault}'" for fault in faults)
    result = client.sh(f"apispy run {way} -o calls --force {words} -- $PYTHON a.py")
    assert result.out.decode().splitlines() == [
        "409 apispy: fault image:busybox status=409",
        "ConnectionError",
        "[]",
        "cut",
    ], result


def test_the_proxy_says_its_faults_at_the_start_and_the_capture_holds_what_they_did(
    client: Client, place: Path, daemons: Daemons
) -> None:
    where = client.where / "spy"
    words = [
        "--fault",
        "op:ContainerList status=500",
        "--fault",
        "delay=1ms",
        "--capture",
        f"{client.where}/calls.jsonl",
    ]
    spy = Apispy.start(
        where, *listen_options("tcp", where), *endpoint_options(daemons.plain_tcp), "--json", *words
    )
    try:
        through = Client(spy.at, daemons.plain, client.docker, "zqfault", where / "c", place)
        assert b"Error response from daemon" in through.sh("docker ps").err
        assert through.sh("docker version").code == 0
    finally:
        assert spy.end() == 0
    assert "apispy: fault: op:ContainerList status=500\napispy: fault: delay=1ms\n" in spy.err
    calls = [call for call in map(json.loads, spy.out.splitlines()) if "notice" not in call]
    assert [call["problems"] for call in calls if call["operation"] == "ContainerList"] == [
        ["answered by apispy: fault op:ContainerList status=500"]
    ]
    later = client.sh(f"apispy show --json {client.where}/calls.jsonl")
    kept = [call for call in map(json.loads, later.out.splitlines()) if "notice" not in call]
    assert [call["problems"] for call in kept] == [call["problems"] for call in calls]


@ANY_CLI
def test_a_rule_that_cannot_be_understood_ends_it_before_it_begins(client: Client) -> None:
    result = client.sh("apispy --fault 'op:ContainerStart staus=500'")
    assert result.code == 2
    assert b"unknown setting 'staus'; did you mean 'status'?" in result.err
    assert b"Traceback" not in result.err


def test_a_replay_with_faults_needs_no_daemon(client: Client) -> None:
    recorded = client.sh("apispy run -q --capture calls.jsonl -- docker ps -q --filter name=nosuch")
    assert recorded.code == 0, recorded
    fault = "op:ContainerList status=500 times=1"
    script = "sh -c 'docker ps -q --filter name=nosuch; docker ps -q --filter name=nosuch; echo $?'"
    result = client.sh(f"DOCKER_HOST=unix:///nosuch apispy replay --fault '{fault}' calls.jsonl -- {script}")
    assert b"Error response from daemon: apispy: fault op:ContainerList status=500 times=1" in result.err
    assert result.out == b"0\n", result
    assert f"fault {fault}: hit 1 of 2 matching requests".encode() in result.err
