"""How fast this machine is now, for bounds in processor time: a shared machine may run at a fraction of its speed."""

import os

REFERENCE = 0.07
"""Seconds of processor time that ``_work`` takes on the machine for which the bounds of the tests are meant."""


def slowdown() -> float:
    """How many times as long as on the reference machine a computation takes now, at worst; never less than 1."""
    return max(1.0, max(_work() for _ in range(5)) / REFERENCE)


def _work() -> float:
    before = os.times()
    sum(number * number for number in range(1_000_000))
    after = os.times()
    return after.user + after.system - before.user - before.system
