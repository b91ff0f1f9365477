"""docs/explain.md shows the output of ``apispy explain`` and names every JSON field (``make golden`` rewrites it)."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click.testing
import pytest

from apispy.cli.commands.explain import command
from apispy.cli.proxy import proxy

PAGE = Path(__file__).parents[2] / "docs/explain.md"
EXAMPLE = re.compile(r"```console\n\$ apispy (.+)\n(?:[^`]*\n)?```")


def says(line: str) -> str:
    run = click.testing.CliRunner().invoke(proxy, shlex.split(line), env={"COLUMNS": "80"})
    assert run.exception is None, run.exception
    return run.output


def test_the_examples_are_what_it_says(request: pytest.FixtureRequest) -> None:
    text = PAGE.read_text()
    true = EXAMPLE.sub(lambda found: f"```console\n$ apispy {found[1]}\n{says(found[1])}```", text)
    if request.config.getoption("--rewrite-golden"):
        PAGE.write_text(true)
    assert len(EXAMPLE.findall(text)) >= 4
    assert PAGE.read_text() == true


def test_every_option_is_there() -> None:
    for option in command.params:
        assert option.param_type_name == "argument" or f"`{option.opts[0]}" in PAGE.read_text()


def test_every_field_of_the_json_is_there() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE.read_text().partition("## JSON")[2]))
    for line in ("GET /v1.41/containers/json?all=1", "ContainerCreate"):
        assert set(keys(json.loads(says(f"explain --json '{line}'")))) <= named
    for words in ("restart", "hijack", "docker stop -t 5 x", "--list", "--diff 1.41 1.44"):
        assert set(keys(json.loads(says(f"explain --json {words}")))) <= named


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from keys(part)
    elif isinstance(value, list):
        for part in value:
            yield from keys(part)
