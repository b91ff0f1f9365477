"""Each prepared fault is found, its cure is printed, and doctor is clean after the printed command has run."""

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import click.testing
import pytest

from apispy.app.doctor import daemons
from apispy.cli.proxy import proxy
from apispy.endpoints import discovery
from tests.doctor_faults import FAULTS, Fault, Place

NOW = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A home whose docker has its default socket there, so that a daemon of this machine plays no part."""
    with ExitStack() as stack:
        made = Place(tmp_path / "h", stack)
        default = made.default_socket
        monkeypatch.setattr(sys.modules["apispy.endpoints.upstream"], "DEFAULT_SOCKET", f"unix://{default}")
        monkeypatch.setattr(daemons, "SYSTEM_SOCKET", default)
        sockets = [(program, path.replace("/var/run/docker.sock", str(default))) for program, path in discovery.SOCKETS
                   if not path.startswith("/run/")]  # fmt: skip
        monkeypatch.setattr(discovery, "SOCKETS", sockets)
        monkeypatch.setattr(daemons, "SOCKETS", sockets)
        made.values |= {"default": default, "certs": made.home / ".local/share/apispy/certs"}
        yield made


def doctor(place: Place) -> list[dict[str, str]]:
    environ = dict.fromkeys(os.environ) | place.environ
    words = ["doctor", "--json", "--listen", str(place.listen), *place.options]
    done = click.testing.CliRunner().invoke(proxy, words, env=environ, standalone_mode=False)
    assert done.exception is None, done.output
    rows: list[dict[str, str]] = json.loads(done.output)
    assert done.return_value == int(any(row["state"] == "problem" for row in rows))
    return rows


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_fault_is_found_and_its_cure_works(fault: Fault, place: Place) -> None:
    fault.prepare(place)
    found = [row for row in doctor(place) if row["state"] != "ok" and row["command"]]
    [row] = [row for row in found if (row["check"], row["state"]) == (fault.check, fault.state)]
    text = NOW.sub("{now}", fault.text.replace("{now}", "{{now}}").format(**place.values))
    assert NOW.sub("{now}", row["text"]) == text
    assert row["cure"]
    assert row["command"] == fault.command.format(**place.values)
    place.cure(row["command"])
    place.after()
    after = doctor(place)
    assert [one for one in after if one["state"] == "problem"] == []
    assert (row["state"], row["text"]) not in [(one["state"], one["text"]) for one in after]


@pytest.mark.parametrize(
    ("path", "tool", "command"),
    [
        (".orbstack/run/docker.sock", "orb", "orb start"),
        (".rd/docker.sock", "rdctl", "rdctl start"),
        (".local/share/containers/podman/machine/podman.sock", "podman", "podman machine start"),
        (".colima/docker.sock", "colima", "colima start"),
    ],
)
def test_a_program_that_has_stopped_is_started(path: str, tool: str, command: str, place: Place) -> None:
    place.program(tool, "exit 0")
    place.environ["DOCKER_HOST"] = f"unix://{place.home}/{path}"
    [found] = [
        row["command"] for row in doctor(place) if (row["check"], row["state"]) == ("daemon", "problem")
    ]
    assert found == command
