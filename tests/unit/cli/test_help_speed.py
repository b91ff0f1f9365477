"""How much work --help is: no command imports what only its work needs."""

import subprocess
import sys

import click
import pytest

from apispy.app.call_reports import CALL_REPORTS
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


def test_a_session_without_reports_imports_none() -> None:
    program = "import sys, apispy.cli.commands.run, apispy.app.run, apispy.app.view; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = {name for name in done.stdout.split() if name.startswith("apispy.learn.")}
    assert not [
        name for name in loaded for report in CALL_REPORTS if name.startswith(f"apispy.learn.{report}")
    ]
