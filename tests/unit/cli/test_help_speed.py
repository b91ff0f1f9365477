"""How much processor time --help takes: no command imports what only its work needs."""

import os
import subprocess
import sys

import click
import pytest

from apispy.app.call_reports import CALL_REPORTS
from apispy.cli.commands import env
from apispy.cli.proxy import proxy
from apispy.endpoints.shells import SHELLS
from tests.machine_speed import slowdown

SECONDS = 0.2
"""The bound on the machine of tests/machine_speed.py; Python itself and click are about half of it."""

SLOWER = {"export": 0.6}
"""The help of `export` lists the formats, which register themselves when they are imported."""


@pytest.mark.parametrize("command", ["", *proxy.list_commands(click.Context(proxy))])
def test_help_is_fast(command: str) -> None:
    allowed = SLOWER.get(command, SECONDS) * slowdown()
    assert any(_seconds(command) < allowed for _ in range(3))  # on a busy machine one of them may be slow


def _seconds(command: str) -> float:
    before = os.times()
    words = [*filter(None, [command]), "--help"]
    subprocess.run(
        [sys.executable, "-m", "apispy", *words], stdout=subprocess.DEVNULL, check=True, timeout=60
    )
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


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
