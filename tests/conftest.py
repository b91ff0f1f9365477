"""The one option of this test suite: ``--rewrite-golden``."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-golden",
        action="store_true",
        help="write tests/golden/expected/ anew from what the code does now; then read the diff",
    )
