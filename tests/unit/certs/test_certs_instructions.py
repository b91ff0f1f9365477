"""What is said about certificates that were made: filled in, right for a shell, and complete."""

import itertools
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from apispy.certs import Order, instructions, make


def said(tmp_path: Path, *hosts: str, out: str = "out", **more: Any) -> tuple[Path, list[str]]:
    where = tmp_path / out
    return where, instructions(make(Order(where, hosts, **more)))


def settings(lines: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(re.search(r"^\{.*?^\}", "\n".join(lines), re.DOTALL | re.MULTILINE)[0])  # type: ignore[index]
    return found


@pytest.mark.parametrize(
    ("layout", "folder", "server"),
    [
        ("article", "", "server.pem"),
        ("docker", "", "server-cert.pem"),
        ("machine", "machines/orion", "server.pem"),
    ],
)
def test_every_path_is_filled_in_and_is_there(layout: Any, folder: str, server: str, tmp_path: Path) -> None:
    out, lines = said(tmp_path, "orion", "192.168.0.29", layout=layout)
    where = out / folder
    assert settings(lines) == {
        "hosts": ["unix:///var/run/docker.sock", "tcp://0.0.0.0:2376"],
        "tlsverify": True,
        "tlscacert": str(where / "ca.pem"),
        "tlscert": str(where / server),
        "tlskey": str(where / "server-key.pem"),
    }
    assert f"export DOCKER_CERT_PATH={where}" in lines
    assert "export DOCKER_HOST=tcp://orion:2376" in lines
    assert "The daemon's certificate is also for 192.168.0.29." in lines
    for path in re.findall(rf"{out}[^\s\",:=]*", "\n".join(lines)):
        assert Path(path).exists(), path


def test_the_flags_say_the_same_as_the_file(tmp_path: Path) -> None:
    _, lines = said(tmp_path, "orion")
    (dockerd,) = [shlex.split(line) for line in lines if line.startswith("dockerd ")]
    file = settings(lines)
    assert [word for flag, word in itertools.pairwise(dockerd) if flag == "-H"] == file["hosts"]
    for name in ("tlscacert", "tlscert", "tlskey"):
        assert f"--{name}={file[name]}" in dockerd
    assert "--tlsverify" in dockerd


def test_the_note_about_systemd_clears_its_command_and_has_no_h(tmp_path: Path) -> None:
    _, lines = said(tmp_path, "orion")
    at = lines.index("[Service]")
    assert lines[at + 1] == "ExecStart="
    assert lines[at + 2].startswith("ExecStart=/usr/bin/dockerd ")
    assert "-H" not in lines[at + 2].split()
    assert "docker.service.d/override.conf" in lines[at - 1]


def test_a_shell_reads_paths_and_addresses_as_they_are_meant(tmp_path: Path) -> None:
    out, lines = said(tmp_path, "fd00::7", out="it's a $HOME")
    assert "export DOCKER_HOST=tcp://[fd00::7]:2376" in lines
    (export,) = [line for line in lines if line.startswith("export DOCKER_CERT_PATH")]
    assert shlex.split(export)[1] == f"DOCKER_CERT_PATH={out}"
    (curl,) = [shlex.split(line) for line in lines if line.startswith("curl ")]
    assert f"{out}/ca.pem" in curl
    assert curl[-1] == "https://[fd00::7]:2376/version"


def test_one_more_client_is_all_that_is_said(tmp_path: Path) -> None:
    said(tmp_path, "orion")
    out, lines = said(tmp_path, clients=["alice"])
    assert lines[0] == f"Made in {out}:"
    assert lines[-1] == f"For alice: hand over {out}/alice, to be used as DOCKER_CERT_PATH."
    assert len(lines) == 6
