"""Waiting for a condition with a deadline: the only way these tests wait."""

import time
from collections.abc import Callable


def until[T](condition: Callable[[], T], timeout: float, what: str, every: float = 0.01) -> T:
    """The first true value of `condition`; AssertionError naming `what` when `timeout` seconds went by."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:g} s in vain for {what}")
        time.sleep(every)
