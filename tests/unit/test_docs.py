"""README, CONTRIBUTING and the index, commands and glossary pages of docs/ describe what exists."""

import re
from pathlib import Path

import click.testing
import pytest

from apispy.cli.proxy import proxy
from apispy.outputs import rate_limit
from tests.e2e.battery import rows_of
from tests.e2e.row import MODERN, PACKAGED

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
COMMANDS_PAGE = (ROOT / "docs/commands.md").read_text()
GLOSSARY = (ROOT / "docs/glossary.md").read_text()
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))


CONTEXT = click.Context(proxy)
COMMANDS = {name: proxy.get_command(CONTEXT, name) for name in proxy.list_commands(CONTEXT)}
NOT_OURS = {"--set", "--mode", "--context", "--from", "--help"}  # of mitmdump, docker, uvx and click
OPTIONS = {
    name
    for command in (proxy, *COMMANDS.values())
    for option in command.params
    for name in (*option.opts, *option.secondary_opts)
}


def options_in(text: str) -> set[str]:
    """The options outside of sessions, which tests/e2e/test_pages.py types into a shell."""
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", re.sub(r"(?ms)^```console.*?^```", "", text)))


def test_every_option_in_the_readme_exists():
    assert options_in(README) <= OPTIONS | NOT_OURS


def test_every_command_is_in_the_readme():
    assert {name for name in COMMANDS if f"apispy {name}" not in README} <= {"endpoints", "env", "machine"}


def test_every_command_is_on_the_commands_page_and_every_option_there_exists():
    assert [
        name
        for name in COMMANDS
        if f"`apispy {name}" not in COMMANDS_PAGE and f'"$(apispy {name})"' not in COMMANDS_PAGE
    ] == []
    assert options_in(COMMANDS_PAGE) <= OPTIONS | NOT_OURS


def test_every_option_of_the_views_is_on_the_commands_page():
    options = [option for option in COMMANDS["demo"].params if option.name != "client"]
    assert len(options) > 8
    for option in options:
        assert any(name in COMMANDS_PAGE for name in option.opts), option.opts


def test_every_option_is_in_help_with_words():
    shown = click.testing.CliRunner().invoke(proxy, ["--help"]).output
    for option in proxy.params:
        assert option.opts[-1] in shown
        assert getattr(option, "help", None), option.opts


def test_the_figure_of_what_is_shown():
    for page in (README, COMMANDS_PAGE):
        assert f"{rate_limit.BYTES_PER_SECOND >> 10} kB a second" in " ".join(page.split())


def test_the_size_of_the_battery():
    sizes = f"{len(rows_of(PACKAGED))} rows with engine 20.10 and {len(rows_of(MODERN))} with engine 28"
    assert sizes in README


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 179


def test_every_page_is_linked_from_the_index():
    linked = set(re.findall(r"\]\((\w[\w-]*\.md)", (ROOT / "docs/index.md").read_text()))
    assert linked | {"index.md"} == {path.name for path in (ROOT / "docs").glob("*.md")}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_link_leads_to_a_file(page: Path):
    text = re.sub(r"(?ms)^```.*?^```", "", page.read_text())
    for link in re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r'src(?:set)?="([^"]+)"', text):
        assert link.startswith(("https://", "http://")) or (page.parent / link).exists(), link


def test_every_make_target_exists():
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for page in (README, CONTRIBUTING):
        assert set(re.findall(r"`make ([a-z-]+)`", page)) <= set(targets)
    assert set(targets) - set(re.findall(r"`make ([a-z-]+)`", CONTRIBUTING)) == {"clean"}


def test_every_path_in_contributing_exists():
    for path in re.findall(r"`((?:apispy|tests|docs|bench|\.ci)/[\w/.-]+)`", CONTRIBUTING):
        assert (ROOT / path).exists(), path


def test_the_glossary_has_each_word_once():
    cells = re.findall(r"^\| ([a-zA-Z, -]+) \| ", GLOSSARY, re.MULTILINE)
    words = [word for cell in cells for word in cell.split(", ") if word not in ("word", "---")]
    assert len(words) == len(set(words))
    assert {
        "call", "request", "response", "header", "head", "body", "chunk", "frame", "stream", "connection", "tunnel",
        "half-close", "reset", "client", "daemon", "upstream", "endpoint", "listener", "capture", "fixture",
        "placeholder", "recording", "replay", "matcher", "miss", "redaction", "token", "policy", "rule",
        "filter expression", "decoder", "importer", "exporter", "output", "operation", "parameter", "field",
        "API version", "note", "notice", "problem",
    } <= set(words)  # fmt: skip


def test_every_room_is_in_the_architecture_and_every_path_there_exists():
    text = (ROOT / "docs/ARCHITECTURE.md").read_text()
    rooms = {path.name for path in (ROOT / "apispy").iterdir() if (path / "__init__.py").exists()}
    assert rooms <= set(re.findall(r"`(\w+)/`", text))
    for name in re.findall(r"`((?:\w+/)?\w+\.py)`", text):
        assert (ROOT / name).exists() or list((ROOT / "apispy").rglob(name)), name


def test_the_architecture_is_one_screen():
    assert len((ROOT / "docs/ARCHITECTURE.md").read_text().splitlines()) <= 66


def test_a_page_with_a_local_tag_says_how_to_make_it() -> None:
    """No registry has busybox:test."""
    root = Path(__file__).parents[2]
    pages = [root / "README.md", root / "samples/README.md", *(root / "docs").glob("*.md")]
    texts = {page.name: page.read_text() for page in pages}
    using = [name for name, text in texts.items() if "busybox:test" in text]
    assert using
    assert [name for name in using if "docker tag busybox busybox:test" not in texts[name]] == []
