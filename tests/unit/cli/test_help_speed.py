"""How much work --help is: no command imports what only its work needs."""

import click
import pytest

from apispy.cli.commands import env
from apispy.cli.proxy import proxy
from apispy.endpoints.shells import SHELLS
from tests.start_cost import start_cost

CALLS = 35_000
"""The bound for a command: 20,000 to 27,000 took 0.1 s, of which Python itself and click are about half."""

MORE = {"": 55_000, "export": 75_000}
"""apispy's own help has all options; that of `export` lists the formats, which register when they are imported."""


@pytest.mark.parametrize("command", ["", *proxy.list_commands(click.Context(proxy))])
def test_help_is_fast(command: str) -> None:
    assert start_cost(*filter(None, [command]), "--help").calls < MORE.get(command, CALLS)


def test_the_shells_of_env_are_those_that_it_knows() -> None:
    assert tuple(SHELLS) == env.SHELLS
