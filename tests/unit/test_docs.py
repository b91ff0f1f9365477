"""README and docs say what is so."""

import re
from pathlib import Path

import click.testing

from apispy.cli.proxy import proxy
from apispy.outputs import rate_limit
from tests.e2e.battery import ROWS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


CONTEXT = click.Context(proxy)
COMMANDS = {name: proxy.get_command(CONTEXT, name) for name in proxy.list_commands(CONTEXT)}
NOT_OURS = {"--set", "--mode", "--context"}  # of mitmdump and docker


def test_every_option_in_the_readme_exists():
    known = {
        name for command in (proxy, *COMMANDS.values()) for option in command.params for name in option.opts
    }
    text = re.sub(
        r"(?ms)^```.*?^```", "", README
    )  # sessions are typed into a shell by tests/e2e/test_pages.py
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) <= known | NOT_OURS


def test_every_command_is_in_the_readme():
    assert {name for name in COMMANDS if f"apispy {name}" not in README} <= {"endpoints", "env", "machine"}


def test_every_option_is_in_help_with_words():
    shown = click.testing.CliRunner().invoke(proxy, ["--help"]).output
    for option in proxy.params:
        assert option.opts[-1] in shown
        assert getattr(option, "help", None), option.opts


def test_the_figure_of_what_is_shown():
    assert f"{rate_limit.BYTES_PER_SECOND >> 10} kB a second" in README


def test_the_size_of_the_battery():
    assert f"{len(ROWS)} rows" in README


def test_every_room_is_in_the_architecture_and_every_path_there_exists():
    text = (ROOT / "docs/ARCHITECTURE.md").read_text()
    rooms = {path.name for path in (ROOT / "apispy").iterdir() if (path / "__init__.py").exists()}
    assert rooms <= set(re.findall(r"`(\w+)/`", text))
    for name in re.findall(r"`((?:\w+/)?\w+\.py)`", text):
        assert (ROOT / name).exists() or list((ROOT / "apispy").rglob(name)), name


def test_the_architecture_is_one_screen():
    assert len((ROOT / "docs/ARCHITECTURE.md").read_text().splitlines()) <= 66
