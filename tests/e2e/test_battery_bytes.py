"""The recorders around apispy (`recorder_pair.py`) found, for every connection of the battery, the same bytes and ends.

Its name puts it after test_battery.py, whose rows it judges; alone it runs those of unusual HTTP and hijacks first.
"""

import os

import pytest

from .battery import RAW_ROWS
from .battery_runner import NO_CLI, BatteryRunner, Cell
from .conftest import unavailable
from .recorder_pair import RecorderPair
from .wait import until


@pytest.mark.parametrize("transport", os.environ.get("APISPY_E2E_RECORDED", "tcp").split())
def test_what_came_out_of_apispy_is_what_went_in(
    transport: str, runner: BatteryRunner, recorders: dict[str, RecorderPair]
) -> None:
    recorded = recorders.get(transport)
    if recorded is None:
        unavailable("no recorders: something else stands in for apispy")
        return
    runner.start(Cell(row, NO_CLI, transport) for row in RAW_ROWS if transport in row.transports)
    runner.wait()
    assert len(recorded.connections) >= len(RAW_ROWS)
    try:
        until(lambda: all(one.settled for one in recorded.connections), 10, "ends to come out")
    except AssertionError:
        pytest.fail("\n".join(repr(one.directions) for one in recorded.connections if not one.settled))
    assert not recorded.faults()
    for direction in (True, False):
        assert sum(one.directions[direction].taken for one in recorded.connections) > 1_000
