"""docs/captures.md describes the lines as apispy/capture/schema.json does (``make golden`` rewrites its tables)."""

import json
import re
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs/captures.md"
SCHEMA = json.loads(files("apispy.capture").joinpath("schema.json").read_text())


def table(definition: dict[str, Any]) -> Iterator[str]:
    yield from ("", f"### {definition['title']}", "", "| field | what it is |", "| --- | --- |")
    for name, field in definition["properties"].items():
        optional = "" if name in definition["required"] else " (may be missing)"
        yield f"| `{name}` | {field['description']}{optional} |"


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
