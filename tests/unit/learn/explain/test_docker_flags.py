"""What is said of flags is what docker 28.5 sent: recorded_flags.json, see tests/e2e/cli_recorder.py."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from apispy.engine.operations import BY_ID
from apispy.learn.explain.docker_cli import commands, parse
from apispy.learn.explain.docker_flags import CONDITIONS, FLAGS, UNRECORDED
from apispy.learn.explain.docker_recordings import recorded_commands, recordings
from apispy.learn.explain.flag_uses import flag_uses
from apispy.learn.explain.flag_values import HIDDEN

RECORDED = json.loads((Path(__file__).parent / "recorded_flags.json").read_text())


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Return the values of nested objects by dotted path."""
    if not isinstance(value, dict) or not value:
        return {path: value} if path else {}
    return {
        name: leaf
        for key, one in value.items()
        for name, leaf in leaves(one, f"{path}.{key}".strip(".")).items()
    }


def hide(said: Any, sent: Any) -> Any:
    """Replace in *sent* what *said* does not show."""
    if isinstance(said, str) and HIDDEN in said:
        return said if str(sent).startswith(said.partition(HIDDEN)[0]) else sent
    if sent == "ID" and isinstance(said, str) and said.startswith("(ID of "):
        return said
    if isinstance(said, dict) and isinstance(sent, dict):
        return {name: hide(said.get(name), value) for name, value in sent.items()}
    if isinstance(said, list) and isinstance(sent, list) and len(said) == len(sent):
        return [hide(one, other) for one, other in zip(said, sent, strict=True)]
    return sent


def comes_along(name: str, said: dict[str, Any], body: dict[str, Any]) -> bool:
    """Whether a field is sent only because the object in which a flag sets another one is new, or for a terminal."""
    new = next(
        (
            f"{path}."
            for path, value in body.items()
            if isinstance(value, dict) and name.startswith(f"{path}.")
        ),
        "",
    )
    return name == "ConsoleSize" or (bool(new) and any(one.startswith(new) for one in said))


@pytest.mark.parametrize("entry", RECORDED, ids=lambda entry: entry["line"])
def test_flags_become_what_was_sent(entry):
    assert entry["sent"], "the example did not reach the daemon"
    line = parse(split(entry["line"]))
    names = {flag.typed.partition(" ")[0].partition("=")[0] for flag in line.flags}
    uses = [
        use
        for use in flag_uses(line)
        if use.typed.partition(" ")[0].partition("=")[0] in names and use.operation == FLAGS[line.name][0]
    ]
    said = leaves({use.name: use.value for use in uses if use.place == "body"})
    said = {
        name: value
        for name, value in said.items()
        if value is not False or name in leaves(entry.get("body", {}))
    }
    if "--name SERVICE" in entry["line"] and "Name" not in entry["body"]:
        del said["Name"]  # the example without the flags has it too
    sent = {name: value for name, value in leaves(entry.get("body", {})).items()
            if name in said or not comes_along(name, said, entry["body"])}  # fmt: skip
    assert said == {name: hide(said.get(name), value) for name, value in sent.items()}
    query = {use.name: use.value for use in uses if use.place == "query"}
    for name, value in query.items():
        values = [one for key, one in entry["query"] if key == name]
        assert values in ([value], value, [json.dumps(value, separators=(",", ":"), sort_keys=True)]), (
            values,
            value,
        )


def split(line: str) -> list[str]:
    return shlex.split(line)


def test_every_flag_of_the_table_exists_and_was_recorded():
    same = {"docker container run": "docker container create"}
    tried = set()
    for line in (parse(split(one["line"])) for one in RECORDED):
        tried |= {(same.get(line.name, line.name), flag.name) for flag in line.flags}
    for command, (_, flags) in FLAGS.items():
        name = next(name for name in commands() if parse(name.split()).name == command)
        assert set(flags) <= set(commands()[name].get("flags", ())), command
        assert {(same.get(command, command), flag) for flag in flags} <= tried, command


def test_what_is_said_of_calls_names_calls_and_commands_that_exist():
    for (command, operation), _ in CONDITIONS.items():
        assert operation in {call.operation for one in recordings(command) for call in one.calls}
    for command, added in UNRECORDED.items():
        known = {call.operation for one in recordings(command) for call in one.calls}
        assert {operation for operation, _ in added} <= set(BY_ID)
        assert not {operation for operation, _ in added} & known, command


def test_every_recorded_call_is_in_the_catalogue():
    calls = [call for command in recorded_commands() for one in recordings(command) for call in one.calls]
    assert {call.operation for call in calls} <= set(BY_ID)


def test_almost_every_command_is_recorded():
    """Left are commands that write files at the client, and those that open a page in a browser or wait for input."""
    known = {parse(name.split()).name for name in commands() if not parse(name.split()).group}
    assert known - recorded_commands() == {
        "docker buildx dial-stdio",
        "docker buildx history import",
        "docker buildx history inspect attachment",
        "docker buildx history open",
        "docker compose bridge convert",
        "docker trust key generate",
        "docker trust sign",
        "docker trust signer add",
    }
