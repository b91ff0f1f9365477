"""How much processor time --help takes: no command imports what only its work needs."""

import os
import subprocess
import sys

import click
import pytest

from apispy.cli.proxy import proxy
from tests.machine_speed import slowdown

SECONDS = 0.2
"""The bound on the machine of tests/machine_speed.py; Python itself and click are about half of it."""


@pytest.mark.parametrize("command", ["", *proxy.list_commands(click.Context(proxy))])
def test_help_is_fast(command: str) -> None:
    allowed = SECONDS * slowdown()
    assert min(_seconds(command) for _ in range(3)) < allowed


def _seconds(command: str) -> float:
    before = os.times()
    words = [*filter(None, [command]), "--help"]
    subprocess.run(
        [sys.executable, "-m", "apispy", *words], stdout=subprocess.DEVNULL, check=True, timeout=60
    )
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system
