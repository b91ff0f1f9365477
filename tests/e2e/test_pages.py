"""The sessions in README and docs are real: these tests type them into a shell, against a real daemon.

`pytest tests/e2e/test_pages.py --rewrite-golden` writes the current output into the pages; review the diff.
"""

import difflib
from pathlib import Path

import pytest

from .daemon import IMAGE, Daemons
from .pages import Page, run

ROOT = Path(__file__).parents[2]

PAGES = [
    "README.md",
    "docs/from-the-article.md",
    "docs/reading.md",
    "docs/faults.md",
    "docs/replay.md",
    "docs/fixtures.md",
    "docs/pytest.md",
]


@pytest.mark.parametrize("name", PAGES)
def test_the_sessions_are_real(name: str, place: Path, daemons: Daemons, pytestconfig: pytest.Config) -> None:
    check_sessions(name, place, daemons, pytestconfig)


def check_sessions(name: str, place: Path, daemons: Daemons, pytestconfig: pytest.Config) -> None:
    """Type the sessions of the page *name*, and compare what they print with the page."""
    file = ROOT / name
    text = file.read_text()
    assert text.count("```console") > 0
    daemons.plain.docker("tag", IMAGE, "busybox")  # the pages use the image that readers have
    rewrite = bool(pytestconfig.getoption("--rewrite-golden"))
    now = run(text, Page(place / Path(name).stem, daemons), rewrite=rewrite)
    daemons.plain.docker(
        "rm", "-f", *daemons.plain.docker("ps", "-aq", "--filter", "name=greeter").split() or ["none"]
    )
    daemons.plain.docker("rmi", "busybox")  # only the tag
    if rewrite:
        file.write_text(now)
    else:
        assert now == text, "".join(
            difflib.unified_diff(text.splitlines(True), now.splitlines(True), name, "now")
        )
