"""tests/e2e/workers.py: which end-to-end tests one worker runs, and in which order."""

import re
from pathlib import Path

import pytest

from tests.e2e.workers import SECONDS, cost, unit

E2E = Path(__file__).parents[1] / "e2e"


@pytest.mark.parametrize(
    ("test", "name"),
    [
        ("test_battery.py::test_same_as_directly[exec-tcp-cli28]", "test_battery"),
        ("test_battery_said.py::test_it_stayed_in_good_order[tcp]", "test_battery"),
        ("test_battery_bytes.py::test_what_came_out[tcp]", "test_battery"),
        ("test_replay_battery.py::test_same_as_recorded[cp]", "test_replay_battery.py"),
        ("test_dying.py::test_a_client_that_is_killed[tls-in-a-head]", "test_dying.py tls"),
        ("test_first_hour.py::TestDebian13::test_the_sessions[### a::b\n-c]", "test_first_hour.py TestDebian13"),
        ("test_first_hour.py::TestDebian12::test_without_docker", "test_first_hour.py TestDebian12"),
        ("test_packages.py::test_the_metadata[apispy-0.1.0]", "test_packages.py::test_the_metadata[apispy-0.1.0]"),
        ("test_pages.py::test_the_sessions_are_real[docs/a.md]", "test_pages.py"),
        ("test_pages.py", "test_pages.py"),
    ],
)  # fmt: skip
def test_the_unit_of_a_test(test: str, name: str) -> None:
    assert unit(f"tests/e2e/{test}") == name
    assert unit(f"/elsewhere/tests/e2e/{test}") == name


def test_other_tests_are_units_too_and_cost_nothing() -> None:
    assert unit("tests/unit/test_x.py::test_y[z]") == "tests/unit/test_x.py"
    assert cost("tests/unit/test_x.py::test_y[z]") == 0


def test_what_begins_first_is_there() -> None:
    files = {path.name for path in E2E.glob("test_*.py")}
    assert {name if name.endswith(".py") else f"{name}.py" for name in SECONDS} <= files


def test_apispies_of_the_whole_battery_stay_in_one_unit() -> None:
    """Whatever uses the fixtures ``runner`` or ``spies`` is judged by what all rows of the battery did."""
    shared = re.compile(r"^def test_\w+\([^)]*\b(?:runner|spies)\b", re.MULTILINE)
    users = {path.name for path in E2E.glob("test_*.py") if shared.search(path.read_text())}
    assert len(users) >= 3
    assert {name: unit(f"tests/e2e/{name}::test_it") for name in users} == dict.fromkeys(
        users, "test_battery"
    )
