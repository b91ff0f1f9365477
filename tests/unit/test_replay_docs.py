"""docs/replay.md and the command's help list the matchers in the code (``make golden`` rewrites them)."""

import re
from pathlib import Path

import click.testing
import pytest

from apispy.cli.commands.replay import command
from apispy.replay import MATCHERS

PAGE = Path(__file__).parents[2] / "docs/replay.md"


def with_matchers(page: str) -> str:
    rows = ["| matcher | what it compares |", "| --- | --- |"]
    rows += [f"| `{one.name}` | {one.explanation} |" for one in MATCHERS.values()]
    text = "\n".join(["<!-- matchers -->", *rows, "<!-- end -->"])
    return re.sub(r"<!-- matchers -->.*?<!-- end -->", lambda _: text, page, flags=re.DOTALL)


def test_the_matchers_are_those_of_the_code(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--rewrite-golden"):
        PAGE.write_text(with_matchers(PAGE.read_text()))
    assert with_matchers(PAGE.read_text()) == PAGE.read_text(), "run `make golden`"


def test_help_lists_them() -> None:
    shown = " ".join(click.testing.CliRunner().invoke(command, ["--help"]).output.split())
    for one in MATCHERS.values():
        assert f"{one.name} {one.explanation}" in shown


def test_the_example_in_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = Path(__file__).parents[2] / "samples"
    (tmp_path / "hello.jsonl").write_bytes((samples / "run.jsonl").read_bytes())
    monkeypatch.chdir(tmp_path)
    [example] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    exec(example.replace("/tmp/apispy.sock", str(tmp_path / "s")))
