"""The pages on what captures teach show the output of the commands, and name all options and JSON fields.

``make golden`` rewrites what they show.
"""

import json
import re
from pathlib import Path

import click.testing
import pytest

from apispy.cli.proxy import proxy
from tests.page_examples import check_examples, keys, output_of

ROOT = Path(__file__).parents[2]
COLUMNS = 100
PAGES = {name: ROOT / f"docs/{name}.md" for name in ("permissions", "coverage", "story", "drift")}

JSON = {
    "permissions": (
        "samples/compose2.jsonl",
        "--check samples/socket-proxy.env --as tecnativa samples/run.jsonl",
    ),
    "coverage": ("samples/buildx.jsonl",),
    "story": ("samples/run.jsonl",),
    "drift": ("samples/podman-4.3.jsonl.gz",),
}
"""Arguments whose JSON output has all keys."""


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, utc: None) -> None:
    monkeypatch.chdir(ROOT)


def says(line: str) -> str:
    return output_of(line, COLUMNS)


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_are_what_they_say(page: str, request: pytest.FixtureRequest) -> None:
    check_examples(PAGES[page], COLUMNS, rewrite=request.config.getoption("--rewrite-golden"))


@pytest.mark.parametrize("page", PAGES)
def test_every_option_is_there(page: str) -> None:
    command = proxy.get_command(click.Context(proxy), page)
    assert command is not None
    for option in command.params:
        assert option.param_type_name == "argument" or f"`{option.opts[0]}" in PAGES[page].read_text(), (
            option.opts
        )


@pytest.mark.parametrize("page", PAGES)
def test_every_field_of_the_json_is_there(page: str) -> None:
    named = set(re.findall(r"`([\w.]+)`", PAGES[page].read_text().partition("## JSON")[2]))
    for line in JSON[page]:
        value = json.loads(says(f"{page} --json {line}"))
        for counts in ("versions", "other", "compared"):  # their keys are versions and operations
            value.pop(counts, None)
        assert set(keys(value)) <= named
