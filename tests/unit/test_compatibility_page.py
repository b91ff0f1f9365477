"""docs/compatibility.md counts the rows of the battery as they are; tests/e2e/test_compatibility.py writes it."""

import pytest

from tests.e2e.compatibility import PAGE, Table, rows
from tests.e2e.row import MODERN, PACKAGED


@pytest.mark.parametrize("engine", [PACKAGED, MODERN])
def test_the_rows_of_the_page(engine: str, request: pytest.FixtureRequest) -> None:
    page = Table.on_page(engine)
    if request.config.getoption("--rewrite-golden"):
        Table(page.versions, rows(engine)).write(engine)
        page = Table.on_page(engine)
    assert page.rows == rows(engine), f"run this test with --rewrite-golden, and read `git diff {PAGE.name}`"
    assert {"Docker Engine", "docker CLI", "docker-py"} <= page.versions.keys()
