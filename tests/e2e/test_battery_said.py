"""What apispy printed while the battery ran through it, and how it ends after all that.

Its name puts it after test_battery.py; it ends the apispy processes that the battery used.
"""

import json
import re
import signal

import pytest

from .lab import Lab
from .spy import STANDIN

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

pytestmark = pytest.mark.skipif(bool(STANDIN), reason=f"{STANDIN} stands in for apispy")


@pytest.mark.parametrize("transport", ["tcp", "mtls", "unix"])
def test_it_stayed_in_good_order(lab: Lab, transport: str) -> None:
    lab.wait()  # rows that nobody asked for yet
    spy = lab.spies[transport]
    assert spy.process.poll() is None, f"apispy ended in the battery: {spy.err[-3000:]}"
    assert "Traceback" not in spy.err, spy.err[-3000:]
    code = spy.end(signal.SIGINT, timeout=2)
    said = spy.err[-3000:]
    assert code == 0, said
    assert "Traceback" not in spy.err, said
    lines = spy.out.splitlines()
    wild = [line for line in lines if CONTROL.search(line)]
    assert not wild, f"control characters reach the terminal: {wild[:3]}"
    if transport == "mtls":
        calls = [json.loads(line) for line in lines]  # every line an object of its own
        assert all(isinstance(call, dict) for call in calls)
    else:
        assert any(re.match(r"\s*calls +errors", line) for line in lines), f"no summary: {lines[-10:]}"
