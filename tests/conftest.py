"""The test suite's option ``--rewrite-golden``, and a hypothesis profile without deadlines.

Speed is tested by processor time; a deadline by the clock would measure the machine's load.
"""

import gc
import signal
from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

from tests.timezone import local_timezone

settings.register_profile("apispy", deadline=None)
settings.load_profile("apispy")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a job that a shell started with "&"
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what the tests start must see Ctrl-C


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-golden",
        action="store_true",
        help="rewrite tests/golden/expected/ with the current output; review the diff afterwards",
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None]:
    """Collect without garbage collections: 14,000 tests are made, and hardly one object is freed."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.fixture
def utc() -> Iterator[None]:
    with local_timezone("UTC"):
        yield
