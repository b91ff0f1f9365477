"""`apispy help`: the pages of docs/, also where apispy was installed from its wheel."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import click.testing
import pytest

from apispy.app.pages import topics
from apispy.cli.proxy import proxy

ROOT = Path(__file__).parents[3]
PAGES = {path.stem: path for path in (ROOT / "docs").glob("*.md")}


def run(*words: str) -> click.testing.Result:
    return click.testing.CliRunner().invoke(proxy, ["help", *words])


def test_every_page_is_a_topic() -> None:
    assert topics().keys() == PAGES.keys() - {"index", "ARCHITECTURE"}
    listed = run().output
    for topic, title in topics().items():
        assert re.search(rf"^  {topic} +{re.escape(title)}$", listed, re.MULTILINE)


@pytest.mark.parametrize("topic", topics())
def test_a_page_has_no_links_that_lead_nowhere_in_a_terminal(topic: str) -> None:
    shown = run(topic).output
    assert shown.startswith(PAGES[topic].read_text().split("\n")[0])
    outside_code = re.sub(r"(?ms)^```.*?^```|`[^`]*`", "", shown)
    assert "<!--" not in outside_code
    assert ".md)" not in outside_code
    for name in re.findall(r"\(apispy help ([^)]+)\)", shown):
        assert name in topics()


def test_a_page_of_a_command_says_where_its_options_are() -> None:
    assert run("diff").output.endswith("Options: apispy diff --help\n")
    assert run("certs").output.startswith("Usage: ")


def test_an_unknown_topic_gets_a_suggestion() -> None:
    result = run("filtres")
    assert str(result.exception) == "There is no page and no command 'filtres'. Did you mean 'filters'?"


def test_no_message_and_no_help_names_a_file_of_the_repository() -> None:
    """A user of the wheel has no docs/. Docstrings and comments may name it."""
    from ast import Constant, Expr, parse, walk

    for path in (ROOT / "apispy").rglob("*.py"):
        tree = parse(path.read_text())
        docstrings = {id(node.value) for node in walk(tree) if isinstance(node, Expr)}
        named = [
            node.value
            for node in walk(tree)
            if isinstance(node, Constant) and isinstance(node.value, str) and id(node) not in docstrings
            and re.search(r"docs/[\w-]+\.md", node.value)
        ]  # fmt: skip
        assert named == [], path
    context = click.Context(proxy)
    for name in ("", *proxy.list_commands(context)):
        shown = click.testing.CliRunner().invoke(proxy, [*filter(None, [name]), "--help"]).output
        assert "docs/" not in shown.replace("docs.docker.com", ""), name


def test_the_wheel_has_the_pages_and_the_assets_of_the_page(tmp_path: Path) -> None:
    source, wheels, target = tmp_path / "source", tmp_path / "wheels", tmp_path / "target"
    wheels.mkdir()
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("apispy", "docs"):
        shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = f"from setuptools.build_meta import build_wheel; build_wheel({str(wheels)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True, timeout=120)
    (wheel,) = wheels.iterdir()
    zipfile.ZipFile(wheel).extractall(target)  # which is all that installing a pure wheel does
    ask = "import apispy.cli, sys; print(apispy.__file__, file=sys.stderr); apispy.cli.main()"
    done = subprocess.run(
        [sys.executable, "-c", ask, "help", "filters"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(target)}, capture_output=True, text=True, timeout=60,
        check=True,
    )  # fmt: skip
    assert done.stderr.startswith(str(target))
    assert done.stdout.startswith("# Filters\n")
    assert {path.stem for path in (target / "apispy/pages").iterdir()} == PAGES.keys()
    assets = "apispy/outputs/page/assets"
    assert {path.name for path in (target / assets).iterdir()} == {
        path.name for path in (ROOT / assets).iterdir()
    }
