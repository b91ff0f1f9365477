"""docs/filters.md lists the fields in the code (``make golden`` rewrites them), and its examples are correct."""

import re
from pathlib import Path

import click.testing
import pytest

from apispy.cli.proxy import proxy
from apispy.filters import Filter, Part
from apispy.filters.fields import TABLE, WORD
from tests import forked_apispy

PAGE = Path(__file__).parents[2] / "docs/filters.md"
KNOWN = {Part.HEAD: "request", Part.BODY: "body", Part.RESPONSE: "response", Part.END: "end"}


def with_fields(page: str) -> str:
    rows = [
        "| field | description | operators and value | example | known |",
        "| --- | --- | --- | --- | --- |",
    ]
    for field in TABLE:
        names = " or ".join(f"`{name}`" for name in (field.name, field.alias) if name)
        signs = " ".join(f"`{sign}`" for sign in field.kind.operators)
        kind = f"{signs} {field.kind.expects}" + (", or nothing" if field.flag else "")
        rows.append(f"| {names} | {field.does} | {kind} | `{field.example}` | {KNOWN[field.known]} |")
    text = "\n".join(["<!-- fields -->", *rows, "<!-- end -->"])
    return re.sub(r"<!-- fields -->.*?<!-- end -->", lambda _: text, page, flags=re.DOTALL)


def test_the_fields_are_those_of_the_code(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--rewrite-golden"):
        PAGE.write_text(with_fields(PAGE.read_text()))
    assert with_fields(PAGE.read_text()) == PAGE.read_text(), "run `make golden`"


@pytest.mark.parametrize("field", [*TABLE, WORD], ids=lambda field: field.name or "word")
def test_every_example_asks_for_its_field(field: object) -> None:
    found = Filter.parse(field.example)  # type: ignore[attr-defined]
    assert found.expression.field is field  # type: ignore[union-attr]
    assert str(found) == field.example  # type: ignore[attr-defined]


def test_the_examples_are_written_as_said() -> None:
    rows = re.findall(r"(?m)^\| `(.+)` \| `(.+)` \|$", PAGE.read_text())
    assert len(rows) >= 6
    assert {typed: str(Filter.parse(typed)) for typed, _ in rows} == dict(rows)


def test_every_command_line_can_be_typed() -> None:
    typed = re.findall(r"--filter '(.+?)'", PAGE.read_text())
    assert len(typed) >= 3
    [option] = [option for option in proxy.params if "--filter" in option.opts]
    in_help = re.findall(r"'(.+?)'", option.help or "")  # type: ignore[attr-defined]
    assert len(in_help) >= 3
    for text in (*typed, *in_help):
        Filter.parse(text)


def test_the_error_is_what_is_said() -> None:
    [shown] = re.findall(r"```text\n(.*?)\n```", PAGE.read_text(), re.DOTALL)
    words = ["show", "--filter", shown.split("\n")[1].strip(), "x.jsonl"]
    done = forked_apispy.run(*words)
    assert done.stderr == f"{shown}\n"


def test_help_names_the_page() -> None:
    text = click.testing.CliRunner().invoke(proxy, ["--help"]).output
    assert "apispy help filters" in " ".join(text.split())
