"""The one option of this test suite: ``--rewrite-golden``; and how long an example of a law may take: as it likes.

How fast something is, tests say that count processor time. A deadline on the clock would be one of the machine's load.
"""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.zones import zone

settings.register_profile("apispy", deadline=None)
settings.load_profile("apispy")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-golden",
        action="store_true",
        help="write tests/golden/expected/ anew from what the code does now; then read the diff",
    )


@pytest.fixture
def utc() -> Iterator[None]:
    with zone("UTC"):
        yield
