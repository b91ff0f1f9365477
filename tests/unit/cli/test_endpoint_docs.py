"""docs/endpoints.md is correct: addresses, commands, the table, shells and checks."""

import re
import shlex
from pathlib import Path

import click
import pytest

from apispy.cli import endpoint_table
from apispy.cli.proxy import proxy
from apispy.endpoints import Daemon, Endpoint, upstream
from apispy.endpoints.discovery import PIPES, SOCKETS, KnownDaemon, ProbeResult
from apispy.endpoints.shells import SHELLS
from tests.unit.endpoints.places import docker_context, docker_machine

TEXT = (Path(__file__).parents[3] / "docs/endpoints.md").read_text()
FORMS = re.findall(r"^\| (`.*?) \| [^`|]", TEXT.split("## Listing")[0], re.MULTILINE)
COMMANDS = sorted(set(re.findall(r"""apispy (?:endpoints|env|context|machine|doctor)[^`\n|\\"')#]*""", TEXT)))


@pytest.mark.parametrize("form", [form for row in FORMS for form in re.findall(r"`(.*?)`", row)])
def test_every_form_of_an_address_is_understood(form: str, tmp_path: Path) -> None:
    docker_context(tmp_path / ".docker", "prod", "tcp://h:1")
    docker_machine(tmp_path / ".docker/machine", "dev", {"IPAddress": "10.0.0.5"})
    (tmp_path / ".docker/ca.pem").touch()
    assert upstream(form, environ={}, home=tmp_path)


def test_there_are_forms_and_commands_to_test() -> None:
    assert len(FORMS) >= 6
    assert len(COMMANDS) >= 10


@pytest.mark.parametrize("typed", COMMANDS)
def test_every_command_can_be_typed(typed: str) -> None:
    words = shlex.split(typed)[1:]
    command: click.Command = proxy
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        found = command.get_command(click.Context(command), words[0])
        assert found, typed
        command, words = found, words[1:]
    command.make_context(typed, words or ["x"][: len(_needed(command))])


def _needed(command: click.Command) -> list[click.Parameter]:
    return [parameter for parameter in command.params if parameter.required]


def test_the_table_matches_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    rows = [
        ("context:default", "context", upstream("/var/run/docker.sock", environ={}, home=Path("/"))),
        ("context:prod", "context", Endpoint("tcp", "10.0.0.5", 2376, "", "", True)),  # type: ignore[arg-type]
        ("build7", "saved", upstream("ssh://me@build7", environ={}, home=Path("/"))),
        ("", "Podman, rootless", Endpoint("unix", "", 0, "/run/user/1000/podman/podman.sock", "", None)),
    ]
    versions = [("28.2.2", "1.50"), None, ("27.5.1", "1.47"), ("5.4.0", "1.41")]
    asked = [
        ProbeResult(
            KnownDaemon(*row, current=row[0] == "context:default"),
            Daemon(*v, "1.24", "", "") if v else None,
            "no response in time",
        )
        for row, v in zip(rows, versions, strict=True)
    ]
    shown = re.search(r"\$ apispy endpoints\n(.*?)```", TEXT, re.DOTALL)
    assert shown
    assert shown[1].splitlines() == list(endpoint_table.as_text(asked))


def test_every_shell_is_described() -> None:
    for name in SHELLS:
        assert re.search(rf"\b{name}\b", TEXT, re.IGNORECASE), name
        assert SHELLS[name].evaluate.format(command="apispy env") in TEXT.replace(r"\|", "|")


def test_every_known_socket_is_described() -> None:
    for kind, _ in (*SOCKETS, *PIPES):
        assert kind.partition(",")[0].removeprefix("Docker ") in TEXT, kind
