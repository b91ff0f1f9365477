"""docs/exports.md shows current exports (``make golden`` rewrites its tables and samples), and how to add a format."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from test_decoders_page import filled

import apispy
from apispy.cli.commands.export import command
from apispy.outputs.exports import EXPORTERS, exporter
from apispy.outputs.exports.columns import COLUMNS
from tests.golden.exported import decoded_calls, exported

PAGE = Path(__file__).parents[2] / "docs/exports.md"


def from_create(text: str) -> str:
    """Return the calls of a script from the second one on, which creates a container."""
    return text[text.index("# #2") :]


def tunnel(text: str) -> str:
    [found] = [
        entry["_docker"]["tunnel"]
        for entry in json.loads(text)["log"]["entries"]
        if entry["_docker"]["tunnel"]
    ]
    return json.dumps(found, indent=2)


def attach(text: str) -> str:
    """Return the events of the attach call: itself without most details, its marks, and the arrow to it."""
    [call] = [event for event in json.loads(text)["traceEvents"] if event["name"] == "ContainerAttach"]
    about = {
        name: call["args"][name]
        for name in ("id", "status", "outcome", "to_client_bytes")
        if name in call["args"]
    }
    lines = text[text.index('"name": "ContainerAttach"') :].splitlines()[1:]
    until = next(index for index, line in enumerate(lines) if '"ph": "f"' in line)
    return "\n".join([json.dumps(call | {"args": about}), *(line.rstrip(",") for line in lines[: until + 1])])


def attach_span(text: str) -> str:
    """Return the span of the attach call, its attributes one per line."""
    [line] = [line for line in text.splitlines() if '"name": "POST /containers/{id}/attach"' in line]
    shown = json.dumps(json.loads(line.rstrip(",")))
    for opening in (
        '"attributes": [{"key": "http.',
        '{"key": "',
        '"events": ',
        '{"timeUnixNano": ',
        '"links": ',
    ):
        shown = shown.replace(f" {opening}", f"\n  {opening}").replace(f"[{opening}", f"[\n  {opening}")
    return shown


EXCERPTS: dict[str, Callable[[str], str]] = {
    "curl": from_create,
    "python": from_create,
    "python-requests": lambda text: from_create(text).partition("\n\n\n")[0],
    "har": tunnel,
    "perfetto": attach,
    "otlp-json": attach_span,
    "csv": lambda text: "\n".join(text.splitlines()[:3]),
    "ndjson": lambda text: text.splitlines()[1],
    "markdown": lambda text: text.partition("\n\n<details>")[0],
}


def written(page: str) -> str:
    """Return *page* with current tables and samples."""
    formats = [
        f"| `{name}` | `{one.suffix}` | {one.description} |" for name, one in sorted(EXPORTERS.items())
    ]
    page = filled(page, "formats", ["| format | file | what it is |", "| --- | --- | --- |", *formats])
    columns = [f"| `{column.name}` | {column.kind} | {column.description} |" for column in COLUMNS]
    page = filled(page, "columns", ["| column | type | what it is |", "| --- | --- | --- |", *columns])
    for name, language in re.findall(r"<!-- sample (\S+) (\S+) -->", page):
        text = EXCERPTS[name](exported(name, decoded_calls("run")).decode()).rstrip("\n")
        fence = "````" if name == "markdown" else "```"
        page = filled(page, f"sample {name} {language}", [fence + language, *text.split("\n"), fence])
    return page


def test_tables_and_samples(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apispy, "__version__", "VERSION")
    page = PAGE.read_text()
    if request.config.getoption("--rewrite-golden"):
        PAGE.write_text(written(page))
    assert PAGE.read_text() == written(page)


def test_every_format_and_option_is_told_of() -> None:
    page = PAGE.read_text()
    titles = set(re.findall(r"[a-z-]+", " ".join(re.findall(r"(?m)^## (.+)$", page))))
    assert set(EXPORTERS) <= titles
    for option in command.params:
        assert option.param_type_name == "argument" or f"`{option.opts[0]}" in page


def test_every_key_of_docker_in_har_is_told_of() -> None:
    page = PAGE.read_text()
    entries = json.loads(exported("har", decoded_calls("run")))["log"]["entries"]
    keys = {key for entry in entries for key in (*entry["_docker"], *entry["_docker"]["request"])}
    assert {key for key in keys if f"`{key}`" not in page} <= {"request", "response"}


def test_the_example_of_a_new_format_works() -> None:
    [example] = re.findall(r"(?s)```python\n(from apispy.*?)```", PAGE.read_text())
    try:
        exec(example, {"exporter": exporter})
        assert exported("targets", decoded_calls("ps")).decode().splitlines()[1] == "/v1.41/containers/json"
    finally:
        EXPORTERS.pop("targets", None)
