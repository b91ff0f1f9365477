"""What a command does before it ends, counted: on a busy machine, processor time says little about a program."""

import subprocess
import sys
from typing import NamedTuple


class StartCost(NamedTuple):
    """Calls of Python functions, and modules loaded at the end."""

    calls: int
    modules: int


COUNT = """
import sys
calls = 0
def count(frame, event, argument):
    global calls
    calls += event == "call"
sys.argv = ["apispy", *sys.argv[1:]]
sys.setprofile(count)
try:
    import apispy.cli
    apispy.cli.main()
finally:
    sys.setprofile(None)
    print(calls, len(sys.modules), file=sys.stderr)
"""


def start_cost(*words: str) -> StartCost:
    """Run ``apispy`` with *words* in a Python of its own, and count; *words* must succeed.

    The same words cost the same within some calls, whatever else the machine does.
    """
    ended = subprocess.run(
        [sys.executable, "-c", COUNT, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    )
    return StartCost(*map(int, ended.stderr.split()[-2:]))
