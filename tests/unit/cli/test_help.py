"""Help texts: common uses first, then sections; summaries are never truncated."""

import click
import click.testing
import pytest

from apispy.cli.help import GENERAL, OPTIONS, SECTIONS
from apispy.cli.proxy import proxy

CONTEXT = click.Context(proxy)
COMMANDS = proxy.list_commands(CONTEXT)


def help_of(*words: str) -> str:
    return click.testing.CliRunner().invoke(proxy, [*words, "--help"], env={"COLUMNS": "80"}).output


def test_every_command_is_in_one_section() -> None:
    listed = [name for names in proxy.command_sections.values() for name in names]
    assert sorted(listed) == COMMANDS


def test_the_common_uses_come_first() -> None:
    text = help_of()
    uses = ["run -- docker ps", "--upstream host:2376", "record -o", "replay ps.json --", "explain docker"]
    places = [text.index(f"apispy {use}") for use in uses]
    assert places == sorted(places)
    assert places[-1] < text.index("See API calls:") < text.index("Connection:") < text.index(f"{GENERAL}:")


def test_the_sections_of_options_have_one_order_and_general_is_the_last() -> None:
    found = [line[:-1] for line in help_of().splitlines() if line[:-1] in SECTIONS]
    assert found == [title for title in SECTIONS if title in found]
    assert found[-1] == GENERAL
    assert len(found) == len(SECTIONS) - 1  # without "Options"


def test_no_summary_is_truncated() -> None:
    text = " ".join(help_of().split())
    for name in COMMANDS:
        command = proxy.get_command(CONTEXT, name)
        assert command
        assert f"{name} {command.get_short_help_str(1000)}" in text
        assert "..." not in command.get_short_help_str(1000)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_in_the_help_of_its_command(name: str) -> None:
    command = proxy.get_command(CONTEXT, name)
    assert command
    text = help_of(name)
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.opts[-1] in text
            assert option.help


def test_a_short_list_has_no_sections() -> None:
    text = help_of("env")
    assert f"{OPTIONS}:" in text
    assert f"{GENERAL}:" not in text
    assert "--help" in text


def test_a_misspelt_command_gets_a_suggestion() -> None:
    result = click.testing.CliRunner().invoke(proxy, ["rum"])
    assert result.exit_code == 2
    assert "No such command 'rum'. Did you mean 'run'?" in result.stderr


def test_an_option_before_the_command_is_refused() -> None:
    result = click.testing.CliRunner().invoke(proxy, ["-q", "run", "--", "true"])
    assert result.exit_code == 2
    assert "--quiet belongs after the command 'run'. Type: apispy run --quiet" in result.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["docker", "ps", "-a"], "To show the calls of that program, type: apispy run -- docker ps -a"),
        (["showx"], "Did you mean 'show'?"),
        (["hlep"], "Did you mean 'help'?"),
        (["qwertz"], "Type apispy --help for a list."),
    ],
)
def test_an_unknown_command_says_what_to_type(words: list[str], expected: str) -> None:
    result = click.testing.CliRunner().invoke(proxy, words)
    assert result.exit_code == 2
    assert f"No such command {words[0]!r}. {expected}" in result.stderr
