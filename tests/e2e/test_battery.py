"""Every row of the battery, with every client and by every transport: the same as directly.

Subsets: `APISPY_E2E_GRID=whole pytest tests/e2e/test_battery.py -k 'exec-late and tcp and cli28'`. With APISPY_E2E_STANDIN=socat a relay
that is known to be transparent stands in for apispy: what fails then is the test's fault.

Real daemons and clients differ from themselves now and then (which of two goroutines printed first, an exec that is
still winding up). So a row that differs is run once more, both ways, and told as a warning; twice is a failure.
"""

import itertools
import warnings

import pytest

from .battery import ROWS
from .battery_runner import CLIS, MAJORS, NO_CLI, BatteryRunner, Cell, Outcome, all_cells, differences
from .conftest import require
from .row import EACH, ENGINE, PACKAGED


def test_every_row_meets_every_client_and_every_transport_and_these_each_other() -> None:
    clis = set(MAJORS)
    cells = all_cells()
    assert {(cell.row.name, cell.cli) for cell in cells if cell.cli != NO_CLI} >= {
        (row.name, cli) for row in ROWS if row.cli == EACH for cli in clis
    }
    if ENGINE == PACKAGED:
        assert {(cell.row.name, cell.transport) for cell in cells} == {
            (row.name, transport) for row in ROWS for transport in row.transports
        }
    transports = {transport for row in ROWS for transport in row.transports if row.cli == EACH}
    assert {(cell.cli, cell.transport) for cell in cells} >= set(itertools.product(clis, transports))


@pytest.mark.timeout(500)  # a row may take 110 s, and is run four times if it differs
@pytest.mark.parametrize("cell", all_cells(), ids=str)
def test_same_as_directly(cell: Cell, runner: BatteryRunner) -> None:
    if cell.cli != NO_CLI and cell.cli not in CLIS:
        pytest.skip(f"no docker CLI {cell.cli} on this machine")
    require(cell.row)
    try:
        compare(cell, runner, *runner.outcomes(cell))
    except AssertionError as first:
        warnings.warn(f"{cell} is run again after: {str(first)[:2000]}", stacklevel=1)
        compare(cell, runner, *runner.rerun(cell))


def compare(cell: Cell, runner: BatteryRunner, direct: Outcome, spied: Outcome) -> None:
    shown = direct.out + direct.err
    missing = [text for text in cell.row.expect if text not in shown]
    assert not missing, f"the direct run lacks {missing}:\n{shown}"
    code = direct.result.code
    assert cell.row.code in (None, code), f"the direct run ended with {code}:\n{shown}"
    diff = differences(direct, spied)
    assert not diff, (
        f"{cell} differs:\n{diff}\napispy's last words: {runner.spies[cell.transport].err[-1500:]}"
    )
    if cell.row.check:
        cell.row.check(direct.result, spied.result)
