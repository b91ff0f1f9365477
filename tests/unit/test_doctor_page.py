"""docs/doctor.md names every check and every prepared fault, with what the doctor prints."""

import re
from collections import defaultdict
from pathlib import Path

import click
import pytest

from apispy.app.doctor import CHECKS
from apispy.app.doctor.base import problem
from apispy.cli.commands.doctor import _lines
from tests.doctor_faults import FAULTS
from tests.e2e.doctor_fault_rows import REAL_FAULTS

PAGE = Path(__file__).parents[2] / "docs/doctor.md"
TEXT = PAGE.read_text()
VALUES: dict[str, object] = defaultdict(lambda: "...") | {
    "home": "~", "default": "/var/run/docker.sock", "certs": "~/.local/share/apispy/certs", "port": 2376,
    "taken": 2377, "free": 2378, "end": "2026-03-01", "now": "2026-11-30 12:00 UTC", "python": "python",
    "meta": "~/.docker/contexts/meta/.../meta.json", "pid": 4711, "user": "me", "seconds": 2592000,
}  # fmt: skip


def rows() -> list[str]:
    found = [f"| {fault.fault} | {fault.check} | {_filled(fault.text)} | `{_filled(fault.command)}` |"
             for fault in (*FAULTS, *REAL_FAULTS)]  # fmt: skip
    return ["| fault | check | it prints | command |", "| --- | --- | --- | --- |", *found]


def _filled(template: str) -> str:
    return template.format_map(VALUES).replace("|", "\\|")


def test_every_fault_stands_in_the_table(request: pytest.FixtureRequest) -> None:
    before, _, rest = TEXT.partition("<!-- faults -->\n")
    after = "<!-- end -->" + rest.partition("<!-- end -->")[2]
    wanted = "\n".join([before + "<!-- faults -->", *rows(), after])
    if request.config.getoption("--rewrite-golden"):
        PAGE.write_text(wanted)
    assert PAGE.read_text() == wanted
    assert len(rows()) >= 42


def test_the_example_is_what_the_command_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    fault = FAULTS[0]
    values = VALUES | {"meta": "/home/me/.docker/contexts/meta/.../meta.json"}
    found = problem(fault.text.format_map(values), "Use the context that has a similar name", fault.command)
    lines = map(click.unstyle, _lines(fault.check, found))
    assert "\n".join(["...", *lines, "...", "```"]) in TEXT


def test_every_check_is_described() -> None:
    table = TEXT.split("| check |")[1].split("## ")[0]
    assert re.findall(r"^\| (\w[\w ]*?) \|", table, re.MULTILINE) == [name for name, _ in CHECKS]
