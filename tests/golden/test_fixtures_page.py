"""docs/fixtures.md describes the file as its schema does (``make golden`` rewrites the tables)."""

import json
import re
from pathlib import Path

import pytest
from test_captures_page import with_tables

from apispy.capture.fixture import placeholders
from apispy.fixtures.check import schema

PAGE = Path(__file__).parents[2] / "docs/fixtures.md"
SHOWN = ("exchange", "request", "response", "tunnel", "step")


def filled(page: str) -> str:
    return with_tables(page, [schema(), *(schema()["$defs"][name] for name in SHOWN)])


def test_the_page_describes_every_field(request: pytest.FixtureRequest) -> None:
    page = PAGE.read_text()
    if request.config.getoption("--rewrite-golden"):
        PAGE.write_text(filled(page))
    assert filled(page) == PAGE.read_text(), "run `make golden`"


def test_the_sample_is_the_one_that_the_page_shows() -> None:
    [shown] = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert shown in (PAGE.parents[1] / "samples/fixtures/run.json").read_text()


def test_every_stand_in_of_the_page_means_something() -> None:
    page = PAGE.read_text()
    for text in re.findall(r"`(<[a-z]+:[^`\\]+>)`", page):
        kind = text[1:].partition(":")[0]
        assert kind == "redacted" or kind in placeholders.KINDS
        assert placeholders.resolve(text, lambda offset, form: "then") != text or kind == "redacted"


def test_the_samples_are_tidy_and_as_the_schema_has_them() -> None:
    import jsonschema

    for file in (PAGE.parents[1] / "samples/fixtures").glob("*.json"):
        jsonschema.Draft202012Validator(schema()).validate(json.loads(file.read_text()))
