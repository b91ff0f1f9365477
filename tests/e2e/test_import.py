"""What tcpdump and socat record of real sessions is what apispy saw live; and diff tells real clients and daemons apart."""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.forked_apispy import run as apispy

from .apispy_process import Apispy
from .battery_runner import BUILDKIT_CLI, CLIS
from .conftest import unavailable
from .daemon import IMAGE, Daemons, free_port
from .wait import until

DOCKERFILE = f"FROM {IMAGE}\nRUN echo built\n".encode()

SESSION = (
    (
        "run",
        "--name",
        "imp",
        "--network",
        "none",
        "-e",
        "PASSWORD=hunter2-planted",
        IMAGE,
        "sh",
        "-c",
        "echo out; echo oops >&2",
    ),
    ("logs", "-f", "imp"),
    ("run", "-i", "--rm", "--network", "none", IMAGE, "cat"),
    ("ps", "-a", "--filter", "name=imp"),
    ("build", "--network", "none", "-q", "-t", "imported", "-"),
    ("inspect", "nosuch"),
    ("rm", "imp"),
)
"""With a hijack that has stdin, one without, a followed log, an archive, errors."""

CLI_28 = {
    ("ContainerInspect", "answer", f"HostConfig.{name}")  # it sends [] where the older one sent null
    for name in (
        "BlkioDeviceReadBps", "BlkioDeviceReadIOps", "BlkioDeviceWriteBps", "BlkioDeviceWriteIOps", "Ulimits",
    )
} | {("ImageBuild", "query", "rm")}  # fmt: skip
"""What the session is like with docker 28, when it was made with 20.10 before."""

LAST = "DELETE /v1.41/containers/imp"


def docker(cli: str, host: str, *words: str) -> None:
    given = DOCKERFILE if words[0] == "build" else b"typed in\n"
    env = os.environ | {"DOCKER_BUILDKIT": "0", "DOCKER_API_VERSION": "1.41"}
    subprocess.run([cli, "-H", host, *words], input=given, capture_output=True, timeout=60, env=env)


@contextmanager
def tcpdump(file: Path, port: int, snaplen: int = 0) -> Iterator[None]:
    """Records until the session's last call is in the file."""
    if not shutil.which("tcpdump"):
        unavailable("these tests need tcpdump; on Debian: apt-get install tcpdump")
    said = file.with_suffix(".said")
    command = [
        "tcpdump",
        "-i",
        "lo",
        "-s",
        str(snaplen),
        "-U",
        "--immediate-mode",
        "-Z",
        "root",
        "-w",
        str(file),
    ]
    with said.open("wb") as log:
        process = subprocess.Popen([*command, "tcp", "port", str(port)], stderr=log)
    try:
        until(lambda: b"listening on lo" in said.read_bytes(), 10, "tcpdump to listen")
        yield
        until(lambda: _ended(file), 20, "tcpdump to have written the last call")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(10)


def _ended(file: Path) -> bool:
    """The last request is there, and an answer after it."""
    return b"HTTP/1.1 " in file.read_bytes().partition(LAST.encode())[2]


def calls(*words: str | Path) -> list[dict[str, Any]]:
    done = apispy("import", "--json", "-vv", *words)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def untokened(text: str) -> str:
    """Two runs give the same secret two tokens."""
    return re.sub(r"(?<=<redacted:)\w+(?=>)|(?<=SECRET_)\w+", "", text)


def plain(call: dict[str, Any]) -> tuple[object, ...]:
    """What does not depend on who looked, and when."""
    streams = [
        call["request"],
        call["response"],
        *((call["tunnel"] or {}).get(way) for way in ("to_server", "to_client")),
    ]
    bodies = [None if one is None else (one["size"], one["body"]) for one in streams]
    return call["operation"], call["target"], call["status"], call["errors"], bodies


def by_beginning(said: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    """Calls that begin together come in either order."""
    return sorted((plain(json.loads(untokened(json.dumps(call)))) for call in said), key=repr)


@pytest.fixture(scope="module")
def recorded(place: Path, daemons: Daemons) -> tuple[Path, list[dict[str, Any]]]:
    """One session, recorded by tcpdump on its way to apispy, and what apispy saw of it live."""
    spy = Apispy.start(
        place / "spy-import", "--listen", "127.0.0.1:0", "--listen-plaintext", "--upstream",
        daemons.plain.unix.host, "--json", "-vv",
    )  # fmt: skip
    assert spy.endpoint is not None
    try:
        port = int(spy.endpoint.host.rpartition(":")[2])
        with tcpdump(place / "session.pcap", port), tcpdump(place / "cut.pcap", port, snaplen=160):
            for words in SESSION:
                docker(CLIS[max(CLIS)], spy.endpoint.host, *words)
    finally:
        spy.process.send_signal(signal.SIGINT)
        spy.process.wait(20)
    return place / "session.pcap", [json.loads(line) for line in spy.out.splitlines()]


def test_what_tcpdump_recorded_is_what_apispy_saw(recorded: tuple[Path, list[dict[str, Any]]]) -> None:
    file, live = recorded
    imported = calls(file)
    assert by_beginning(imported) == by_beginning(live)
    assert [call["problems"] for call in imported] == [[]] * len(imported)
    operations = {call["operation"] for call in imported}
    assert {
        "ContainerCreate",
        "ContainerAttach",
        "ContainerLogs",
        "ImageBuild",
        "ContainerDelete",
    } <= operations
    assert "hunter2" not in json.dumps(imported)
    began = [call["started"] for call in sorted(imported, key=lambda call: call["id"])]
    assert began == sorted(began)


def test_the_capture_that_import_writes_is_shown_alike(
    recorded: tuple[Path, list[dict[str, Any]]], tmp_path: Path
) -> None:
    file, _ = recorded
    assert apispy("import", file, "-o", tmp_path / "x.jsonl").returncode == 0
    shown = apispy("show", "--json", "-vv", tmp_path / "x.jsonl")
    assert untokened(shown.stdout) == untokened(apispy("import", "--json", "-vv", file).stdout)
    shown = apispy("show", "-vv", tmp_path / "x.jsonl")
    assert untokened(shown.stdout) == untokened(apispy("import", "-vv", file).stdout)
    assert "hunter2" not in (tmp_path / "x.jsonl").read_text()
    assert apispy("diff", file, tmp_path / "x.jsonl").returncode == 0


def test_in_a_capture_with_a_hole_the_other_calls_stay(
    recorded: tuple[Path, list[dict[str, Any]]], tmp_path: Path
) -> None:
    """tcpdump itself leaves out what a filter names: the packets that hold an answer of the build."""
    file, live = recorded
    holed = tmp_path / "holed.pcap"
    subprocess.run(
        ["tcpdump", "-r", file, "-w", holed, "not (greater 1000)"], check=True, capture_output=True, timeout=20
    )  # fmt: skip
    imported = calls(holed)
    assert any("the file lacks" in problem for call in imported for problem in call["problems"])
    assert LAST.split()[1] in {"/v1.41" + call["path"] for call in imported}
    whole = {repr(plain(call)) for call in live}
    assert all(repr(plain(call)) in whole for call in imported if call["end"] == "complete")


def test_a_capture_whose_packets_were_cut_says_what_to_type(
    recorded: tuple[Path, list[dict[str, Any]]],
) -> None:
    file, _ = recorded
    assert "record it with tcpdump -s 0" in apispy("import", "--json", file.with_name("cut.pcap")).stdout


@pytest.mark.parametrize("options", [("-v", "-x"), ("-x",), ("-v",)])
def test_what_socat_wrote_is_what_it_carried(options: tuple[str, ...], place: Path, daemons: Daemons) -> None:
    where = place / f"socat{''.join(options)}"
    log, path = where.with_suffix(".log"), where.with_suffix(".sock")
    target = daemons.plain.unix.host.removeprefix("unix://")
    with log.open("wb") as file:
        process = subprocess.Popen(
            ["socat", *options, f"UNIX-LISTEN:{path},fork", f"UNIX-CONNECT:{target}"], stderr=file
        )
    try:
        until(path.exists, 10, "socat to listen")
        for words in (("create", "--name", "soc", "--network", "none", IMAGE, "echo", "hi"), ("start", "soc"),
                      ("wait", "soc"), ("logs", "soc"), ("ps", "-a", "--filter", "name=soc"), ("rm", "soc")):  # fmt: skip
            docker(CLIS[max(CLIS)], f"unix://{path}", *words)
        until(
            lambda: re.search(rb"DELETE|44 45 4c 45 54 45", log.read_bytes()), 10, "socat to have written all"
        )
    finally:
        process.terminate()
        process.wait(10)
    imported = [call for call in calls(log) if call["operation"] != "SystemPingHead"]
    assert [call["operation"] for call in imported] == [
        "ContainerCreate", "ContainerStart", "ContainerWait", "ContainerInspect", "ContainerLogs", "ContainerList",
        "ContainerDelete",
    ]  # fmt: skip
    assert [call["status"] for call in imported] == [201, 204, 200, 200, 200, 200, 204]
    if "-x" in options:
        assert imported[4]["outcome"] or imported[4]["response"]["size"] == 8 + len("hi\n")
    assert imported[0]["request"]["body"]["Image"] == IMAGE


def test_two_docker_clis(place: Path, daemons: Daemons) -> None:
    """The same commands by 20.10 and 28: what differs is what is known to differ."""
    if BUILDKIT_CLI != "20":
        pytest.skip(f"it compares CLIs 20 and 28; this distribution has {BUILDKIT_CLI}")
    if not {"20", "28"} <= CLIS.keys():
        unavailable("needs the docker CLIs 20 and 28")
    for major in ("20", "28"):
        with tcpdump(place / f"cli{major}.pcap", int(daemons.plain_tcp.host.rpartition(":")[2])):
            for words in SESSION:
                docker(CLIS[major], daemons.plain_tcp.host, *words)
    done = apispy("diff", "--json", place / "cli20.pcap", place / "cli28.pcap")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert (found["only_a"], found["only_b"]) == ([], [])
    changes = {
        (pair["operation"], one["kind"], one["place"]) for pair in found["changed"] for one in pair["changes"]
    }
    assert changes == CLI_28


def test_docker_and_podman(place: Path, daemons: Daemons) -> None:
    if not shutil.which("podman"):
        unavailable("needs podman; on Debian: apt-get install podman")
    port, where = free_port(), place / "podman"
    where.mkdir()
    roots = ["--root", f"{where}/root", "--runroot", f"{where}/run", "--tmpdir", f"{where}/tmp"]
    settings = [*roots, "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs"]
    with (where / "log").open("wb") as log:
        podman = subprocess.Popen(
            ["podman", *settings, "system", "service", "--time=0", f"tcp:127.0.0.1:{port}"],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    commands = (
        ("version",),
        ("volume", "create", "vol"),
        ("volume", "inspect", "vol"),
        ("volume", "rm", "vol"),
        ("rm", "imp"),
    )
    try:
        until(lambda: _answers(port), 30, f"podman to answer; its log: {where}/log")
        ports = {"docker": int(daemons.plain_tcp.host.rpartition(":")[2]), "podman": port}
        for name, number in ports.items():
            with tcpdump(place / f"{name}.pcap", number):
                for words in commands:
                    docker(CLIS[max(CLIS)], f"tcp://127.0.0.1:{number}", *words)
    finally:
        podman.terminate()
        podman.wait(20)
    done = apispy("diff", place / "docker.pcap", place / "podman.pcap")
    assert done.returncode == 1, done.stderr
    text = re.sub(r" +", " ", done.stdout)
    assert "VolumeCreate POST /volumes/create" in text
    assert "SystemVersion" in text
    assert "Only in" not in text


def _answers(port: int) -> bool:
    done = subprocess.run(["curl", "-sf", f"http://127.0.0.1:{port}/_ping"], capture_output=True, timeout=5)
    return done.returncode == 0
