"""The recorders around apispy (`recorded.py`) found, for every connection of the battery, the same bytes and ends.

Its name puts it after test_battery.py, whose rows it judges; alone it runs those of unusual HTTP and hijacks first.
"""

import os

import pytest

from .battery import RAW
from .conftest import unavailable
from .lab import NO_CLI, Cell, Lab
from .recorded import Recorded
from .waiting import until


@pytest.mark.parametrize("transport", os.environ.get("APISPY_E2E_RECORDED", "tcp").split())
def test_what_came_out_of_apispy_is_what_went_in(
    transport: str, lab: Lab, recorders: dict[str, Recorded]
) -> None:
    recorded = recorders.get(transport)
    if recorded is None:
        unavailable("no recorders: something else stands in for apispy")
        return
    lab.order(Cell(row, NO_CLI, transport) for row in RAW if transport in row.transports)
    lab.wait()
    assert len(recorded.connections) >= len(RAW)
    try:
        until(lambda: all(one.settled for one in recorded.connections), 10, "ends to come out")
    except AssertionError:
        pytest.fail("\n".join(repr(one.ways) for one in recorded.connections if not one.settled))
    assert not recorded.faults()
    for direction in (True, False):
        assert sum(one.ways[direction].taken for one in recorded.connections) > 1_000
