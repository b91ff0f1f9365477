"""Every promise in SECURITY.md names tests, and they are there."""

import re
from pathlib import Path

import pytest

from apispy.gate.browser_guard import KNOWN_HOSTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/.]+)::(\w+)`", PAGE)))


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda text: text)
def test_the_test_is_there(file: str, name: str) -> None:
    assert re.search(rf"^(?:async )?def {name}\(", (ROOT / file).read_text(), re.MULTILINE), f"{file}::{name}"


def test_there_are_many() -> None:
    assert len(NAMED) >= 40


def test_every_promise_names_one() -> None:
    promises = re.findall(r"(?ms)^- .*?(?=^- |^\n|^#|\Z)", PAGE)
    assert len(promises) >= 20
    assert [promise for promise in promises if "::" not in promise] == []


def test_every_test_of_security_is_named() -> None:
    own = "tests/e2e/test_security.py"
    there = set(re.findall(r"(?m)^def (test_\w+)\(", (ROOT / own).read_text()))
    assert there - {name for file, name in NAMED if file == own} == {
        "test_what_people_and_programs_type_passes"
    }


def test_the_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+)", PAGE):
        assert (ROOT / link).exists(), link


def test_the_hosts_that_pass_are_in_a_table_with_their_reason() -> None:
    assert all(reason for reason in KNOWN_HOSTS.values())
