"""What the tests of the certificates share."""

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(params=[0o000, 0o077, 0o022])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    old = os.umask(request.param)
    yield
    os.umask(old)
