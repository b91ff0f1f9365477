"""docs/faults.md lists the settings in the code (``make golden`` rewrites them), and its examples are valid."""

import re
from pathlib import Path

import click.testing
import pytest

from apispy.cli.proxy import proxy
from apispy.filters import Part
from apispy.filters.fields import TABLE
from apispy.gate import GARBAGE, parse
from apispy.gate.rules import ACTIONS, DELAY, OPTIONS, Setting

PAGE = Path(__file__).parents[2] / "docs/faults.md"


def table(settings: tuple[Setting, ...]) -> str:
    rows = ["| setting | what it does | after `=` |", "| --- | --- | --- |"]
    rows += [f"| `{it.example}` | {it.does} | {it.expects or 'no value'} |" for it in settings]
    return "\n".join(rows)


def with_tables(page: str) -> str:
    for name, settings in (("acts", (*ACTIONS, DELAY)), ("how often", OPTIONS)):
        mark = f"<!-- {name} -->"
        text = f"{mark}\n{table(settings)}\n<!-- end -->"
        page = re.sub(rf"{mark}.*?<!-- end -->", lambda _, text=text: text, page, flags=re.DOTALL)  # type: ignore[misc]
    return re.sub(
        r"(`garbage` is these bytes: )`.*`", lambda found: f"{found[1]}`{repr(GARBAGE)[2:-1]}`", page
    )


def test_the_tables_are_those_of_the_code(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--rewrite-golden"):
        PAGE.write_text(with_tables(PAGE.read_text()))
    assert with_tables(PAGE.read_text()) == PAGE.read_text(), "run `make golden`"


@pytest.mark.parametrize("setting", [*ACTIONS, DELAY], ids=lambda setting: setting.name)
def test_every_example_can_be_typed(setting: Setting) -> None:
    parse(setting.example)


@pytest.mark.parametrize("setting", OPTIONS, ids=lambda setting: setting.name)
def test_every_example_of_how_often_can_be_typed(setting: Setting) -> None:
    parse(f"status=500 {setting.example}")


def test_every_command_line_can_be_typed() -> None:
    typed = re.findall(r"--fault '(.+?)'", PAGE.read_text())
    assert len(typed) >= 6
    [option] = [option for option in proxy.params if "--fault" in option.opts]
    in_help = re.findall(r"'(.+?)'", option.help or "")  # type: ignore[attr-defined]
    assert len(in_help) >= 5
    for text in (*typed, *in_help):
        parse(text)


def test_the_fields_that_can_be_asked_for_are_named() -> None:
    [named] = re.findall(r"the filter can use (.*?), but not", " ".join(PAGE.read_text().split()))
    early = [field.name for field in TABLE if not field.known & (Part.RESPONSE | Part.END)]
    assert re.findall(r"`(\w+)`", named) == early


def test_help_names_the_page() -> None:
    text = click.testing.CliRunner().invoke(proxy, ["--help"]).output
    assert "apispy help faults" in " ".join(text.split())
