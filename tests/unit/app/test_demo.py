"""``apispy demo``: with each client, on a machine without any Docker."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from apispy import capture, demo
from apispy.app import demo_session

PYTHON = Path(sys.executable).parent
WITHOUT_DOCKER = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}


def run(tmp_path: Path, *words: str, path: str = "") -> str:
    """What it prints; it must end well."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "sh").symlink_to(shutil.which("sh") or "/bin/sh")
    env = WITHOUT_DOCKER | {"PATH": f"{tools}:{path}", "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "apispy", "demo", *words],
        env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("apispy-")] == []
    return done.stdout


def test_without_the_docker_cli_a_small_client_asks(tmp_path: Path) -> None:
    said = run(tmp_path)
    assert "The client is a small client in Python" in said
    assert_the_session(said)
    assert "exit code 3\n" in said


@pytest.mark.skipif(shutil.which("docker") is None, reason="no docker CLI on this machine")
def test_with_the_docker_cli(tmp_path: Path) -> None:
    docker = Path(shutil.which("docker") or "").parent
    said = run(tmp_path, "--client", "docker", path=str(docker))
    for command in demo.COMMANDS:
        assert f"\n$ {command}\n" in said
    assert_the_session(said)
    assert "Error response from daemon: No such container: greeter" in said


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
    assert "no recorded response" not in said
