"""apispy in a process that takes itself for one on Windows or macOS: see tests/platform_simulation.py.

The tests that run there are in the other files of this directory, which pytest does not collect by itself.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_what_apispy_does_on_another_platform(platform: str, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.platform_simulation", "--assert=plain",
         "-p", "no:cacheprovider",
         f"--basetemp={tmp_path}/t", HERE / "on_both.py", HERE / f"on_{platform}.py"],
        cwd=ROOT, env=os.environ | {"APISPY_SIMULATE": platform}, capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr


ASKS = re.compile(
    r"sys\.platform|os\.name\b|platform\.system|^\s*(?:import|from) (?:fcntl|grp|pty|pwd|resource|termios|tty|msvcrt)\b"
    r"|os\.(?:fchmod|geteuid|getuid|killpg|getpgrp|O_(?:CLOEXEC|NOFOLLOW|NONBLOCK|NOCTTY|BINARY))\b"
    r"|socket\.AF_UNIX|signal\.SIG(?:HUP|QUIT|USR1|USR2|WINCH|KILL)|\.add_signal_handler|\.add_reader",
    re.MULTILINE,
)

ASKING = {
    "apispy/system.py",
    "apispy/app/terminal.py",  # a console and a terminal have nothing in common
    "apispy/certs/store.py",  # the default of an argument
    "apispy/proxy/backlog.py",  # a look into the event loop of Linux
    "apispy/sockets/hangup.py",  # likewise
}


def test_only_few_modules_ask_which_system_it_is() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "apispy").rglob("*.py")
        if ASKS.search(path.read_text())
    }
    assert found == ASKING
