"""The comparison with a golden file."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def expect(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Takes a file and the text that it should hold; ``make golden`` writes the file instead."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--rewrite-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        assert path.exists(), f"{path.name} is missing: run `make golden`, then read what it wrote"
        assert text == path.read_text()

    return compare
