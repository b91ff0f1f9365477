"""What an option of apispy costs, as the share of calls that pass with it of those that pass without it.

Two processes that do the same differ by some percent for as long as they run, by where their objects lie, and the
machine becomes slower and faster by more. So several pairs of new processes are compared, and those of a pair take
turns each second.
"""

from statistics import median

from bench.measures.latency import PING
from bench.measures.registry import measure
from bench.measures.requests import wrk
from bench.setups import OPTIONS, SETUPS, SHARE, Route
from bench.testbed import Testbed

WITH_OPTIONS = [name for name, setup in SETUPS.items() if setup.without]

TURN = 1
"""Seconds of a turn; a new process has another one before them."""


@measure(
    OPTIONS,
    "1/s",
    "more",
    "mock",
    "tcp",
    setups=("apispy -q", "apispy", *WITH_OPTIONS),
    ratios_to=("apispy -q", "apispy"),
)
def ping_with_options(testbed: Testbed, route: Route) -> float:
    """Measure one connection; apispy without the option is measured in the same round."""
    return wrk(testbed, route, PING, 1)


@measure(SHARE, "×", "more", "mock", "tcp", setups=tuple(WITH_OPTIONS), quick=True, once=True, ratios_to=())
def share_of_pings(testbed: Testbed, route: Route) -> float:
    """Compare as many pairs as the effort says; return the median of their shares."""
    return median(_share(testbed, route.setup) for _ in range(testbed.effort.pairs))


def _share(testbed: Testbed, setup: str) -> float:
    routes = [testbed.fresh(name, "mock", "tcp") for name in (setup, SETUPS[setup].without)]
    for route in routes:
        wrk(testbed, route, PING, 1, TURN)
    passed = [0.0, 0.0]
    for _ in range(testbed.effort.rounds):
        for place, route in enumerate(routes):
            passed[place] += wrk(testbed, route, PING, 1, TURN)
    for route in routes:
        route.stop()
    return passed[0] / passed[1]
