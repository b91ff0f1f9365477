"""docs/json.md shows a log, and lists the fields of its lines (``make golden`` rewrites the sample)."""

import json
import re
from pathlib import Path

import pytest

from apispy.outputs.json_lines import JsonLines
from apispy.outputs.json_log import JsonLog
from tests.golden.exported import decoded_calls

PAGE = Path(__file__).parents[2] / "docs/json.md"
SAMPLE = re.compile(r"(?s)(<!-- sample: log -->\n).*?(<!-- end: log -->)")
CALLS = 3
"""Calls in the sample."""


def log() -> list[str]:
    """Return the log of a session of ``docker run``, with a notice."""
    lines: list[str] = []
    output = JsonLog(lines.append, clock=lambda: 1_700_000_000.0)
    for decoded in decoded_calls("run"):
        output.write(decoded)
    output.notice("connection 3: apispy stops decoding it", 1_700_000_000.0)
    output.close()
    return lines


def written(page: str) -> str:
    """Return *page* with the current sample."""
    shown = [re.sub(r', "id": .*', ', "id": ...', line.rstrip("\n")) for line in log()[:CALLS]]
    text = "\n".join(["```text", *shown, "```", ""])
    return SAMPLE.sub(lambda found: f"{found[1]}{text}{found[2]}", page)


def test_the_sample(request: pytest.FixtureRequest) -> None:
    page = PAGE.read_text()
    if request.config.getoption("--rewrite-golden"):
        PAGE.write_text(written(page))
    assert PAGE.read_text() == written(page)


def test_the_fields_of_the_table_are_all() -> None:
    [table] = re.findall(r"(?s)<!-- log -->\n(.*?)<!-- end -->", PAGE.read_text())
    plain: list[str] = []
    calls = JsonLines(plain.append)
    for decoded in decoded_calls("run"):
        calls.write(decoded)
    of_calls = {name for line in plain for name in json.loads(line)}
    found = {name for line in log() for name in json.loads(line)}
    assert re.findall(r"(?m)^\| `(\w+)` \|", table) == ["time", "level", "message", "summary"]
    assert found - of_calls == {"time", "level", "message", "summary"}
