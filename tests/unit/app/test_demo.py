"""``apispy demo``: with each client, on a machine without any Docker."""

import logging
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from apispy import capture, demo
from apispy.app import demo_session
from apispy.app.view import View
from apispy.errors import UsageError
from apispy.proxy import backlog

PYTHON = Path(sys.executable).parent
WITHOUT_DOCKER = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
DOCKER = Path(shutil.which("docker") or "").parent
CLIENTS = (
    "python",
    pytest.param("docker", marks=pytest.mark.skipif(Path() == DOCKER, reason="no docker CLI")),
)

STEPS = (
    ["SystemVersion"],
    ["ContainerAttach"] * 2 + ["ContainerCreate", "ContainerStart"] + ["ContainerWait"] * 2,
    ["ContainerList"],
    ["ContainerDelete"],
    ["ContainerInspect"],
)
"""The lines of each step, sorted, without the docker CLI's pings. A call that stays open has two."""


def environment(tmp_path: Path, path: str) -> dict[str, str]:
    tools = tmp_path / "tools"
    tools.mkdir(exist_ok=True)
    if not (tools / "sh").exists():
        (tools / "sh").symlink_to(shutil.which("sh") or "/bin/sh")
    return WITHOUT_DOCKER | {"PATH": f"{tools}:{path}", "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}


def run(tmp_path: Path, *words: str, path: str = "") -> str:
    """What it prints; it must end well."""
    env = environment(tmp_path, path)
    done = subprocess.run(
        [sys.executable, "-m", "apispy", "demo", *words],
        env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("apispy-")] == []
    return done.stdout


def test_without_the_docker_cli_a_small_client_asks(tmp_path: Path) -> None:
    said = run(tmp_path)
    assert "The client is a small Python program" in said
    assert_the_session(said)
    assert "exit code 3\n" in said


def test_it_writes_a_page_and_says_so(tmp_path: Path) -> None:
    said = run(tmp_path, "--page", str(tmp_path / "session.html"))
    assert said.endswith(f"\nTo look at these calls, open {tmp_path}/session.html in a browser.\n")
    page = (tmp_path / "session.html").read_text()
    assert "ContainerCreate" in page
    assert (tmp_path / "session.html").stat().st_mode & 0o777 == 0o600


def test_a_page_that_exists_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.html").write_text("mine")
    with pytest.raises(UsageError, match=r"mine\.html already exists\. Name another file"):
        demo_session.demonstrate(View(), "python", tmp_path / "mine.html")
    assert (tmp_path / "mine.html").read_text() == "mine"


@pytest.mark.skipif(shutil.which("docker") is None, reason="no docker CLI on this machine")
def test_with_the_docker_cli(tmp_path: Path) -> None:
    docker = Path(shutil.which("docker") or "").parent
    said = run(tmp_path, "--client", "docker", path=str(docker))
    for command in demo.COMMANDS:
        assert f"\n$ {command}\n" in said
    assert_the_session(said)
    assert "Error response from daemon: No such container: greeter" in said


@pytest.mark.parametrize("client", CLIENTS)
def test_calls_are_above_the_next_command_on_a_pipe(tmp_path: Path, client: str) -> None:
    assert_in_order(run(tmp_path, "--client", client, path=str(DOCKER)), client)


@pytest.mark.parametrize("client", CLIENTS)
def test_calls_are_above_the_next_command_on_a_terminal(tmp_path: Path, client: str) -> None:
    assert_in_order(run_on_terminal(tmp_path, "--client", client, path=str(DOCKER)), client)


@pytest.mark.parametrize("client", CLIENTS)
def test_the_order_does_not_depend_on_pauses_in_the_traffic(
    client: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in os.environ:
        if name.startswith("DOCKER_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # a session replaces them
    for seconds in (0.0, 0.001, 0.01, 3600.0):
        monkeypatch.setattr(backlog, "FLUSH_AFTER", seconds)
        monkeypatch.setattr(backlog, "MAX_WAIT", seconds)
        assert demo_session.demonstrate(View(), client) == 0
        assert_in_order(capsys.readouterr().out, client)


def test_without_the_docker_cli_it_cannot_be_the_client(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "apispy", "demo", "--client", "docker"],
        env=environment(tmp_path, ""), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 127
    assert done.stderr == "apispy: docker: no such command. Type: apispy demo --client python\n"


def test_a_docker_that_is_none_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker = tmp_path / "docker"
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for said, release in (("podman version 4.3.1", None), ("Docker version 29.1.0, build x", 29)):
        docker.write_text(f"#!/bin/sh\necho {said}\n")
        docker.chmod(0o755)
        assert demo_session.docker_release() == release
        assert release not in demo_session.SPEAKS_RECORDED_API


def test_everything_in_the_session_can_be_played() -> None:
    calls = list(capture.read(demo.SESSION))
    assert len(calls) > len(demo.COMMANDS)
    assert all(call.end == "complete" and not call.problems for call in calls)


def assert_the_session(said: str) -> None:
    assert "the daemon is 20.10.24" in said
    for operation in (
        "ContainerCreate",
        "ContainerAttach",
        "ContainerWait",
        "ContainerStart",
        "ContainerDelete",
    ):
        assert f" {operation} " in said
    assert "stdout| hello\n" in said
    assert "stderr| and an error\n" in said
    assert "-> 200 exit code 3" in said
    assert "-> 404 No such container: greeter" in said
    assert "calls  errors" in said
    assert "no recorded answer" not in said


def run_on_terminal(tmp_path: Path, *words: str, path: str) -> str:
    """Run it on a terminal; return its output without colors. It must exit with 0."""
    ours, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "apispy", "demo", *words],
        env=environment(tmp_path, path) | {"TERM": "xterm"}, stdin=terminal, stdout=terminal, stderr=terminal,
    ) as process:  # fmt: skip
        os.close(terminal)
        data = b""
        while piece := read(ours):
            data += piece
        os.close(ours)
    said = re.sub(r"\x1b\[[0-9;]*m", "", data.decode()).replace("\r\n", "\n")
    assert "\r" not in said
    assert process.returncode == 0, said
    return said


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # no process has the other end open
        return b""


def assert_in_order(said: str, client: str) -> None:
    """Each command's calls are above the next command, and above the output that the client makes of them."""
    commands = demo.COMMANDS if client == "docker" else demo.CLIENT_COMMANDS
    parts = re.split(r"^\$ ", said, flags=re.MULTILINE)[1:]
    assert [shlex.split(part.splitlines()[0])[:2] for part in parts] == [
        shlex.split(command)[:2] for command in commands
    ]
    for part, calls in zip(parts, STEPS, strict=True):
        shown = re.findall(r"^\d\d:\d\d:\d\d\.\d{3} (\w+)", part, flags=re.MULTILINE)
        assert sorted(call for call in shown if call != "SystemPingHead") == calls, said
    version, greeted, listed, _, inspected = parts
    for part, first, second in (
        (version, " SystemVersion ", "\nthe daemon is "),
        (greeted, "stderr| and an error", "\nand an error\n"),
        (greeted, "stdout| hello", "\nhello\n"),
        (listed, " ContainerList ", "Exited (3)"),
        (inspected, " ContainerInspect ", "No such container: greeter\n\ncalls "),
    ):
        assert -1 < part.find(first) < part.find(second), said
