"""The time zone of a test."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def local_timezone(name: str) -> Iterator[None]:
    """Set the local time zone to *name*."""
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("TZ", name)
        time.tzset()
        yield
    time.tzset()
