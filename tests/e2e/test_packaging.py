"""The files of packaging/: the unit is run by a real systemd, in front of a real dockerd."""

import os
import re
import shutil
import signal
import stat
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import unavailable
from .daemon import Daemons, free_port
from .systemd_machine import PROGRAMS, SYSTEMD, SystemdMachine
from .wait import until

UNIT = Path(__file__).parents[2] / "packaging/apispy.service"
STRANGER = 54321
"""A user and a group that the machine does not know."""


@pytest.fixture(scope="module")
def machine(daemons: Daemons) -> Iterator[SystemdMachine]:
    for program in (*PROGRAMS, SYSTEMD):
        if not shutil.which(program):
            unavailable(f"needs {program}; on Debian: apt-get install systemd util-linux")
    try:
        running = SystemdMachine.start(daemons.plain.unix.path)
    except (OSError, RuntimeError) as error:
        unavailable(f"systemd cannot run here: {error}")
    running.unit(UNIT)
    yield running
    running.stop()


def docker_ps(machine: SystemdMachine, *groups: int) -> str:
    """Return what `docker ps` prints through apispy as a user who is in *groups*."""
    who = ["--reuid", f"{STRANGER}", "--regid", f"{STRANGER}"]
    also = ["--groups", ",".join(map(str, groups))] if groups else ["--clear-groups"]
    host = "DOCKER_HOST=unix:///run/apispy/docker.sock"
    words = ["setpriv", *who, *also, "env", "-i", host, "HOME=/", "docker", "ps"]
    done = machine.run(*words, check=False)
    return done.stdout if done.returncode == 0 else done.stderr


def is_ready(machine: SystemdMachine, times: int = 1) -> bool:
    """Return whether apispy has been ready that many times. AssertionError if it has ended more often."""
    shown = machine.journal(UNIT.name)
    assert int(machine.property(UNIT.name, "NRestarts")) < times, shown
    return shown.count("apispy: ready") == times


def test_systemd_finds_nothing_wrong_with_the_unit_and_calls_it_safe(machine: SystemdMachine) -> None:
    verified = machine.run("systemd-analyze", "verify", f"/etc/systemd/system/{UNIT.name}")
    assert verified.stdout + verified.stderr == ""
    rated = machine.run("systemd-analyze", "security", "--no-pager", UNIT.name).stdout
    found = re.search(r"Overall exposure level for apispy\.service: ([\d.]+) OK", rated)
    assert found, rated
    assert float(found[1]) < 2.0, rated


def test_the_unit_serves_the_group_docker_and_nobody_else(machine: SystemdMachine) -> None:
    docker = (machine.root / "run/docker.sock").stat().st_gid
    machine.run("systemctl", "start", UNIT.name)
    until(lambda: is_ready(machine), 30, "apispy to be ready", every=0.1)
    socket = (machine.root / "run/apispy/docker.sock").stat()
    assert (stat.S_IMODE(socket.st_mode), socket.st_gid) == (0o660, docker)
    assert docker_ps(machine, docker).startswith("CONTAINER ID")
    assert "permission denied" in docker_ps(machine)
    until(lambda: "ContainerList" in machine.journal(UNIT.name), 30, "the line of the call", every=0.1)

    pid = machine.outside(int(machine.property(UNIT.name, "MainPID")))
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    assert int(status["Uid"].split()[0]) == socket.st_uid >= 1000
    assert {name: status[name].strip() for name in ("NoNewPrivs", "Seccomp")} == {
        "NoNewPrivs": "1",
        "Seccomp": "2",
    }
    assert {int(status[name], 16) for name in ("CapEff", "CapBnd", "CapAmb")} == {0}

    os.kill(pid, signal.SIGKILL)
    until(lambda: machine.property(UNIT.name, "NRestarts") == "1", 30, "the restart", every=0.1)
    until(lambda: is_ready(machine, 2), 30, "apispy to be ready again", every=0.1)
    assert docker_ps(machine, docker).startswith("CONTAINER ID")

    machine.run("systemctl", "stop", UNIT.name)
    assert [machine.property(UNIT.name, name) for name in ("Result", "ExecMainStatus")] == ["success", "0"]
    assert not (machine.root / "run/apispy").exists()
    shown = machine.journal(UNIT.name)
    assert re.search(r"(?m)^ +\d+ .* total$", shown), shown  # the summary
    assert "Traceback" not in shown


def test_options_come_from_a_file_and_captures_go_to_a_directory_of_its_own(machine: SystemdMachine) -> None:
    port = free_port()
    options = f"APISPY_OPTIONS=-q --metrics {port} --capture /var/lib/apispy/calls.jsonl\n"
    (machine.root / "etc/default/apispy").write_text(options)
    before = len(machine.journal(UNIT.name))
    machine.run("systemctl", "start", UNIT.name)
    until(lambda: "apispy: ready" in machine.journal(UNIT.name)[before:], 30, "apispy to be ready", every=0.1)
    assert docker_ps(machine, (machine.root / "run/docker.sock").stat().st_gid).startswith("CONTAINER ID")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as response:
        assert 'operation="ContainerList"' in response.read().decode()
    machine.run("systemctl", "stop", UNIT.name)
    assert "ContainerList" not in machine.journal(UNIT.name)[before:].partition("calls  errors")[0]
    capture = "/var/lib/apispy/calls.jsonl"  # behind a link that means a directory of the machine
    assert machine.run("stat", "--format", "%a", capture).stdout == "600\n"
    assert re.search(
        r'"docker \(pid [1-9]\d*\)"', machine.run("cat", capture).stdout
    )  # the unit hides no names of processes
