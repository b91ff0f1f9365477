"""Rows of the battery played from fixtures: each is recorded from the real daemon, tidied, then played without it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from apispy.fixtures import tidy
from apispy.fixtures.files import load, save
from apispy.redaction import Policy

from .apispy_process import STANDIN
from .battery import ROWS
from .battery_runner import differences
from .conftest import require
from .daemon import Daemons
from .row import Row
from .test_replay_battery import Stage, at_work

pytestmark = pytest.mark.skipif(bool(STANDIN), reason=f"{STANDIN} stands in for apispy")

PLAYED = frozenset((
    *("run-echo", "run-stdin", "run-t", "run-late", "logs-10mb", "logs-follow", "events-live", "attach-ws"),
    *("exec", "exec-it", "exec-parallel", "build-legacy", "build-buildkit", "cp", "compose", "compose-up"),
    *("volume", "network", "py-run", "py-exec-socket", "py-images", "hijack-attach-old"),
))  # fmt: skip
"""Of each kind of call one or two: the whole battery is played from captures already."""

assert {row.name for row in ROWS} >= PLAYED


class FromFixtures(Stage):
    """Secrets stay: rows print values of their environment."""

    def made_of(self, capture: Path) -> Path:
        exchanges, about = load(capture)
        fixture = capture.with_name("c.json")
        save(tidy(exchanges, about, Policy(show_secrets=True)), fixture)
        return fixture


@pytest.fixture(scope="session")
def fixtures(request: pytest.FixtureRequest, place: Path, data: Path, daemons: Daemons) -> Iterator[Stage]:
    yield from at_work(FromFixtures(place, data, daemons), request, "tidied")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("tidied", [row for row in ROWS if row.name in PLAYED], ids=lambda row: row.name)
def test_same_as_recorded(tidied: Row, fixtures: Stage) -> None:
    require(tidied)
    outcome = fixtures.done[tidied.name].result()
    diff = differences(outcome.recorded, outcome.played)
    assert not diff, f"{tidied.name} differs:\n{diff}\napispy replay said:\n{outcome.said[-4000:]}"
    assert outcome.code == 0, outcome.said[-4000:]
