"""What serving a session sets in apispy's own process."""

import subprocess
import sys

COLLECTOR = """
import atexit, gc, sys
from apispy.cli import main
atexit.register(lambda: print(gc.get_threshold(), gc.get_freeze_count() > 10_000))
sys.argv = ["apispy", "run", "--upstream", "unix:///nowhere", "--", "true"]
main()
"""


def test_the_garbage_collector_leaves_out_what_was_imported() -> None:
    done = subprocess.run([sys.executable, "-c", COLLECTOR], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1:] == ["(500, 10, 40) True"], done.stderr
