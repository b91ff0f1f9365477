"""Every row of the battery, with every client, by every transport: the same as directly.

Subsets: `pytest tests/e2e/test_battery.py -k 'exec-late and tcp and cli28'`. With APISPY_E2E_STANDIN=socat a relay
that is known to be transparent stands in for apispy: what fails then is the test's fault.
"""

import shutil

import pytest

from .conftest import unavailable
from .lab import CLIS, NO_CLI, Cell, Lab, all_cells, differences


@pytest.mark.parametrize("cell", all_cells(), ids=str)
def test_same_as_directly(cell: Cell, lab: Lab) -> None:
    if cell.cli != NO_CLI and cell.cli not in CLIS:
        pytest.skip(f"no docker CLI {cell.cli} on this machine")
    for program in cell.row.needs:
        if not shutil.which(program):
            unavailable(f"this row needs {program}")
    direct, spied = lab.outcomes(cell)
    shown = direct.out + direct.err
    missing = [text for text in cell.row.expect if text not in shown]
    assert not missing, f"the direct run lacks {missing}:\n{shown}"
    assert direct.result.code == cell.row.code, f"the direct run ended with {direct.result.code}:\n{shown}"
    diff = differences(direct, spied)
    assert not diff, f"{cell} differs:\n{diff}\napispy's last words: {lab.spies[cell.transport].err[-1500:]}"
    if cell.row.check:
        cell.row.check(direct.result, spied.result)
