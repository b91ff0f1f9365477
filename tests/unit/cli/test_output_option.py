"""``-o FILE`` means one thing in all commands: the file that the command writes. docs/commands.md lists them."""

import re
from pathlib import Path

import click
import pytest

from apispy.app.output_files import STDOUT
from apispy.cli.types import NewFile
from tests.unit.cli.test_wrong_values import ALL

PAGE = Path(__file__).parents[3] / "docs/commands.md"
OUTPUTS = {name: option for name, option in ALL if "-o" in option.opts}


def test_it_is_called_the_same_everywhere() -> None:
    assert len(OUTPUTS) >= 6
    for name, option in OUTPUTS.items():
        assert (option.opts, option.metavar) == (["-o", "--output"], "FILE"), name
        assert re.match(r"Write .*\bto FILE\b", option.help or ""), name


def test_the_page_lists_every_command_that_has_it() -> None:
    _, _, section = PAGE.read_text().partition("## The file that a command writes\n")
    section, _, _ = section.partition("\n## ")
    assert sorted(re.findall(r"(?m)^\| `(.+?)` \|", section)) == sorted(OUTPUTS)


def test_help_tells_bodies_and_body_limit_apart() -> None:
    helps = {option.opts[-1]: option.help or "" for name, option in ALL if name == "show"}
    assert "--body-limit" in helps["--bodies"]
    assert "--bodies" in helps["--body-limit"]


def test_files_and_directories_are_called_so() -> None:
    """A path is a FILE, or a DIR; a REPORT is a file that apispy wrote."""
    paths = {option.opts[-1]: option.metavar for _, option in ALL if isinstance(option.type, click.Path)}
    directories = {"--certs-dir", "--bodies", "--out", "--ca", "--show"}
    assert {name: paths.pop(name) for name in directories} == dict.fromkeys(directories, "DIR")
    assert paths.pop("--played") == "REPORT"
    assert set(paths.values()) == {"FILE"}


NEW_FILES = [(name, option) for name, option in ALL if isinstance(option.type, NewFile)]


def test_every_file_that_a_command_writes_has_the_type_for_it() -> None:
    written = {id(option) for _, option in ALL if (option.help or "").startswith(("Write ", "Also write "))}
    files = {
        id(option) for _, option in ALL if isinstance(option.type, click.Path) and option.metavar == "FILE"
    }
    assert {id(option) for _, option in NEW_FILES} == written & files


@pytest.mark.parametrize(
    ("name", "option"), NEW_FILES, ids=[f"{name} {one.opts[-1]}" for name, one in NEW_FILES]
)
def test_a_hyphen_is_standard_output_or_refused(name: str, option: click.Option) -> None:
    """It used to make a file called "-"."""
    if name in ("export", "fixture get"):
        assert option.type("-", option, None) == STDOUT
    else:
        with pytest.raises(
            click.BadParameter, match=re.escape("found '-'. Type ./- for a file of that name")
        ):
            option.type("-", option, None)
        assert option.type("./-", option, None) == Path("./-")
