"""Waiting for a condition with a deadline."""

import time
from collections.abc import Callable


def until[T](condition: Callable[[], T], timeout: float, what: str, every: float = 0.01) -> T:
    """Return the first true value of `condition`; AssertionError with `what` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:g} s for {what}")
        time.sleep(every)
