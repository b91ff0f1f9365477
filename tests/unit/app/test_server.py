"""What serving a session sets in apispy's own process."""

import subprocess
import sys

SERVE = """
import atexit, gc, sys
from apispy.cli import main
atexit.register(lambda: print(gc.get_threshold(), gc.get_freeze_count() > 10_000, sys.getswitchinterval()))
sys.argv = ["apispy", "run", "--upstream", "unix:///nowhere", "--", "true"]
main()
"""


def test_collections_leave_out_what_was_imported_and_threads_take_short_turns() -> None:
    done = subprocess.run([sys.executable, "-c", SERVE], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1:] == ["(500, 10, 40) True 0.001"], done.stderr
