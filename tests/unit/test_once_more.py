"""tools/once-more: a target whose failed tests are run once more; what fails twice, or widely, fails."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "once-more"

MAKEFILE = f"""\
WORKERS ?= 2
unit:
\t{sys.executable} -m pytest -q tests
parallel:
\t{sys.executable} -m pytest -q -p xdist.plugin -n $(WORKERS) tests
broken:
\tfalse
"""

ONCE = "import pathlib\ndef test_it():\n    seen = pathlib.Path('x'); old = seen.exists(); seen.touch(); assert old\n"
ALWAYS = "def test_it():\n    assert not 'this'\n"
NINE = "import pytest\n@pytest.mark.parametrize('n', range(9))\ndef test_it(n):\n    assert not 'this'\n"


@pytest.mark.parametrize(
    ("target", "test", "succeeds", "says"),
    [
        ("unit", "def test_it(): pass\n", True, ""),
        ("unit", ONCE, True, "failed in make unit: tests/test_one.py::test_it"),
        ("parallel", ONCE, True, "failed in make parallel: tests/test_one.py::test_it"),
        ("unit", ALWAYS, False, "failed in make unit: tests/test_one.py::test_it"),
        ("unit", NINE, False, "more than 8 tests failed"),
        ("unit", "nonsense(\n", False, "failed in make unit: tests/test_one.py"),
        ("broken", "", False, "not by a test"),
    ],
)
def test_what_fails_is_run_once_more(
    target: str, test: str, succeeds: bool, says: str, tmp_path: Path
) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tools").mkdir()
    (tmp_path / "Makefile").write_text(MAKEFILE)
    (tmp_path / "tests" / "test_one.py").write_text(test)
    shutil.copy(SCRIPT, tmp_path / "tools")
    ended = subprocess.run(
        [tmp_path / "tools" / "once-more", target],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # which takes most of pytest's start
    )
    assert (ended.returncode == 0) == succeeds
    assert says in ended.stderr
