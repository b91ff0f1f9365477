"""Every row of the battery, with every client, by every transport: the same as directly.

Subsets: `pytest tests/e2e/test_battery.py -k 'exec-late and tcp and cli28'`. With APISPY_E2E_STANDIN=socat a relay
that is known to be transparent stands in for apispy: what fails then is the test's fault.

Real daemons and clients differ from themselves now and then (which of two goroutines printed first, an exec that is
still winding up). So a row that differs is run once more, both ways, and told as a warning; twice is a failure.
"""

import warnings

import pytest

from .battery_runner import CLIS, NO_CLI, BatteryRunner, Cell, Outcome, all_cells, differences
from .conftest import require


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
