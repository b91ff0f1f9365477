"""docs/captures.md describes every field in apispy/capture/schema.json (``make golden`` rewrites its tables)."""

import json
import re
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs/captures.md"
SCHEMA = json.loads(files("apispy.capture").joinpath("schema.json").read_text())


def table(definition: dict[str, Any], fields: dict[str, Any] | None = None) -> Iterator[str]:
    """A heading and a row for each of *fields* (default: all); the middle column only if a field is optional."""
    fields = definition["properties"] if fields is None else fields
    optional = fields.keys() - set(definition["required"])
    yield from ("", f"### {definition['title']}", "")
    if optional:
        yield from ("| field | optional | description |", "| --- | --- | --- |")
        for name, field in fields.items():
            yield f"| `{name}` | {'yes' if name in optional else ''} | {field['description']} |"
    else:
        yield from ("| field | description |", "| --- | --- |")
        yield from (f"| `{name}` | {field['description']} |" for name, field in fields.items())


def with_tables(page: str, shown: Iterable[dict[str, Any]]) -> str:
    """*page* with a table for each definition."""
    lines = [line for definition in shown for line in table(definition)]
    text = "\n".join(["<!-- tables -->", *lines, "<!-- end -->"])
    return re.sub(r"<!-- tables -->.*?<!-- end -->", lambda _: text, page, flags=re.DOTALL)


def filled(page: str) -> str:
    return with_tables(
        page, [one for name, one in SCHEMA["$defs"].items() if name not in ("item", "redaction")]
    )


def test_the_page_describes_every_field(request: pytest.FixtureRequest) -> None:
    page = PAGE.read_text()
    if request.config.getoption("--rewrite-golden"):
        PAGE.write_text(filled(page))
    assert filled(page) == PAGE.read_text(), "run `make golden`"
