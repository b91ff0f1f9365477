"""docs/explain.md shows the output of ``apispy explain`` and names every JSON field (``make golden`` rewrites it)."""

import json
import re
from pathlib import Path

import pytest

from apispy.cli.commands.explain import command
from tests.page_examples import check_examples, keys, output_of

COLUMNS = 80
PAGE = Path(__file__).parents[2] / "docs/explain.md"


def says(line: str) -> str:
    return output_of(line, COLUMNS)


def test_the_examples_are_what_it_says(request: pytest.FixtureRequest) -> None:
    check_examples(PAGE, COLUMNS, rewrite=request.config.getoption("--rewrite-golden"), at_least=4)


def test_every_option_is_there() -> None:
    for option in command.params:
        assert option.param_type_name == "argument" or f"`{option.opts[0]}" in PAGE.read_text()


def test_every_field_of_the_json_is_there() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE.read_text().partition("## JSON")[2]))
    for line in ("GET /v1.41/containers/json?all=1", "ContainerCreate"):
        assert set(keys(json.loads(says(f"explain --json '{line}'")))) <= named
    for words in ("restart", "hijack", "docker stop -t 5 x", "--list", "--diff 1.41 1.44"):
        assert set(keys(json.loads(says(f"explain --json {words}")))) <= named
