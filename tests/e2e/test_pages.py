"""The sessions in README and docs are real: these tests type them into a shell, against a real daemon.

`pytest tests/e2e/test_pages.py --rewrite-golden` writes the current output into the pages; review the diff.
"""

import difflib
from collections.abc import Iterator
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
    "docs/other-languages.md",
]


@pytest.fixture(scope="module", autouse=True)
def _busybox(daemons: Daemons) -> Iterator[None]:
    """The image of the tests under the name that a reader types: ``busybox``."""
    daemons.plain.docker("tag", IMAGE, "busybox")
    yield
    daemons.plain.docker("rmi", "busybox")


@pytest.mark.parametrize("name", PAGES)
def test_the_sessions_are_real(name: str, place: Path, daemons: Daemons, pytestconfig: pytest.Config) -> None:
    file = ROOT / name
    text = file.read_text()
    assert text.count("```console") > 0
    rewrite = bool(pytestconfig.getoption("--rewrite-golden"))
    now = run(text, Page(place / Path(name).stem, daemons), rewrite=rewrite)
    daemons.plain.docker(
        "rm", "-f", *daemons.plain.docker("ps", "-aq", "--filter", "name=greeter").split() or ["none"]
    )
    if rewrite:
        file.write_text(now)
    else:
        assert now == text, "".join(
            difflib.unified_diff(text.splitlines(True), now.splitlines(True), name, "now")
        )
