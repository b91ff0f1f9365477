"""docs/fixtures.md describes every field in the schema of a fixture (``make golden`` rewrites the tables)."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_captures_page import table

from apispy.capture.fixture import placeholders
from apispy.fixtures.check import schema

PAGE = Path(__file__).parents[2] / "docs/fixtures.md"
SHOWN = ("exchange", "request", "response", "tunnel", "step", "content", "rest")
SHARED = {
    "content": "| *content* | yes | the bytes: one of the fields of [Content](#content) |",
    "rest": "| *details* | yes | fields of [Stream details](#stream-details) |",
}
"""Definitions whose fields other definitions include: they have one table, to which the others refer."""


def tables() -> Iterator[str]:
    definitions = schema()["$defs"]
    yield from table(schema())
    for name in SHOWN:
        definition = definitions[name]
        fields = definition["properties"]
        included = [
            other
            for other in SHARED
            if other != name and fields.keys() >= definitions[other]["properties"].keys()
        ]
        elsewhere = {field for other in included for field in definitions[other]["properties"]}
        yield from table(definition, {field: fields[field] for field in fields if field not in elsewhere})
        yield from (SHARED[other] for other in included)


def filled(page: str) -> str:
    text = "\n".join(["<!-- tables -->", *tables(), "<!-- end -->"])
    return re.sub(r"<!-- tables -->.*?<!-- end -->", lambda _: text, page, flags=re.DOTALL)


def test_the_page_describes_every_field(request: pytest.FixtureRequest) -> None:
    page = PAGE.read_text()
    if request.config.getoption("--rewrite-golden"):
        PAGE.write_text(filled(page))
    assert filled(page) == PAGE.read_text(), "run `make golden`"


def test_every_field_has_the_description_that_the_shared_table_gives() -> None:
    definitions: dict[str, Any] = schema()["$defs"]
    for definition in definitions.values():
        for other in SHARED:
            for name, field in definitions[other]["properties"].items():
                assert (
                    definition.get("properties", {}).get(name, field)["description"] == field["description"]
                )


def test_the_sample_is_the_one_that_the_page_shows() -> None:
    [shown] = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert shown in (PAGE.parents[1] / "samples/fixtures/run.json").read_text()


def test_every_placeholder_of_the_page_means_something() -> None:
    page = PAGE.read_text()
    for text in re.findall(r"`(<[a-z]+:[^`\\]+>)`", page):
        kind = text[1:].partition(":")[0]
        assert kind == "redacted" or kind in placeholders.KINDS
        assert placeholders.resolve(text, lambda offset, form: "then") != text or kind == "redacted"


def test_the_samples_are_tidy_and_as_the_schema_has_them() -> None:
    import jsonschema

    for file in (PAGE.parents[1] / "samples/fixtures").glob("*.json"):
        jsonschema.Draft202012Validator(schema()).validate(json.loads(file.read_text()))
