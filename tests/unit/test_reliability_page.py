"""Every row in docs/reliability.md names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reliability.md").read_text()
ROWS = [
    line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| what", "| ---"))
]
NAMED = re.compile(r"`(?:(tests/unit/[\w/]+\.py)|(\w+\.py)::(test_\w+))`")


def test_there_are_rows():
    assert len(ROWS) > 25


def test_each_row_names_a_test_that_exists():
    for row in ROWS:
        found = NAMED.findall(row.split("|")[-2])
        assert found, row
        for file, end_to_end, name in found:
            path = ROOT / (file or f"tests/e2e/{end_to_end}")
            assert path.exists(), row
            assert not name or f"\ndef {name}(" in path.read_text(), row


def test_every_other_path_on_the_page_exists():
    for path in re.findall(r"`(tests/[\w/.]+)`", PAGE):
        assert (ROOT / path).exists(), path
