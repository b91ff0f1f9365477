"""What works on every system: imports, and the commands that need no daemon."""

import importlib
import sys
from pathlib import Path

import click.testing
import pytest

from apispy.cli.proxy import proxy
from tests.platform_simulation import modules

SAMPLES = Path("samples")

CLIENT = """
import http.client, os
host = os.environ["DOCKER_HOST"].removeprefix("tcp://")
connection = http.client.HTTPConnection(host)
connection.request("GET", "/version")
print(connection.getresponse().status)
"""


def test_every_module_can_be_imported() -> None:
    for name in modules():
        importlib.import_module(name)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["show", "samples/run.jsonl", "--color", "never"], "ContainerCreate"),
        (["explain", "POST", "/v1.41/containers/greeter/kill?signal=HUP"], "ContainerKill"),
        (["export", "samples/run.jsonl", "--to", "curl"], "curl"),
        (["env", "--shell", "powershell", "--unset"], "Remove-Item Env:DOCKER_HOST"),
        (["env", "--shell", "cmd", "--unset"], 'SET "DOCKER_HOST="'),
    ],
)
def test_a_command_without_a_daemon(words: list[str], expected: str) -> None:
    done = click.testing.CliRunner().invoke(proxy, words, standalone_mode=False)
    assert done.exception is None, done.output
    assert expected in done.output


def test_a_capture_is_written_byte_for_byte(tmp_path: Path) -> None:
    out = tmp_path / "copy.jsonl"
    words = ["export", "samples/run.jsonl", "--to", "har", "-o", str(out)]
    done = click.testing.CliRunner().invoke(proxy, words, standalone_mode=False)
    assert done.exception is None, done.output
    assert b"\r\n" not in out.read_bytes()[:4096]


def test_a_replay_over_tcp(capfd: pytest.CaptureFixture[str]) -> None:
    words = ["replay", "samples/fixtures/ps.json", "--listen", "127.0.0.1:0", "--listen-plaintext", "--"]
    done = click.testing.CliRunner().invoke(
        proxy, [*words, sys.executable, "-c", CLIENT], standalone_mode=False
    )
    assert (capfd.readouterr().out, done.return_value) == ("200\n", 0), done.output
