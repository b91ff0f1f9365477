"""The pages on captures show the output of the commands for the samples, and name all options and fields.

``make golden`` rewrites what they show.
"""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click.testing
import pytest

from apispy import importers
from apispy.app.input_files import FORMATS
from apispy.cli.commands import diff, import_
from apispy.cli.options import VIEW
from apispy.cli.proxy import proxy
from apispy.learn.diff.compare import KIND_ORDER
from tests.page_examples import check_examples, output_of

ROOT = Path(__file__).parents[2]
COLUMNS = 80
PAGES = {name: ROOT / f"docs/{name}.md" for name in ("imports", "diff", "captures", "statistics")}


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, utc: None) -> None:
    monkeypatch.chdir(ROOT)


def says(line: str) -> str:
    return output_of(line, COLUMNS)


def says_plainly(line: str) -> str:
    return click.testing.CliRunner().invoke(proxy, shlex.split(line)).stdout


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_are_what_they_say(page: str, request: pytest.FixtureRequest) -> None:
    check_examples(PAGES[page], COLUMNS, rewrite=request.config.getoption("--rewrite-golden"))


@pytest.mark.parametrize(("page", "command"), [("imports", import_.command), ("diff", diff.command)])
def test_every_option_is_there(page: str, command: click.Command) -> None:
    views = len(VIEW) if page == "imports" else 0
    options = [one for one in command.params if one.param_type_name == "option"]
    for option in options[: len(options) - views]:
        assert f"`{option.opts[0]}" in PAGES[page].read_text()


def test_every_format_is_there_and_may_be_named() -> None:
    assert set(FORMATS) == set(importers.FORMATS)
    for name in FORMATS:
        assert f"`{name}`" in PAGES["imports"].read_text()


def test_every_kind_and_every_field_of_the_json_is_there() -> None:
    made = json.loads(says_plainly("diff --json samples/docker-20.10.pcap samples/docker-ps.socat.log"))
    for name in {*KIND_ORDER, *_names(made)}:
        assert f"`{name}`" in PAGES["diff"].read_text(), name


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _names(part)
