"""Requests per second, by wrk, and their CPU time."""

import re
import subprocess
import time

from bench.client import latencies
from bench.measures.latency import LIST, PING
from bench.measures.registry import measure
from bench.setups import Route
from bench.testbed import Testbed

SETTLED = 1.0
"""Seconds after which what was queued is written."""


def wrk(testbed: Testbed, route: Route, path: str, connections: int, seconds: float = 0.0) -> float:
    """Return the requests per second, in *seconds*, or as long as the effort of the testbed says."""
    url = "http://{}:{}{}".format(*route.endpoint.address, path)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds or testbed.effort.seconds}s", url]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"Requests/sec: +([\d.]+)", output)
    assert found is not None, output
    assert "Non-2xx" not in output, output
    return float(found[1])


@measure("_ping/s, 1 connection", "1/s", "more", "mock", "tcp", quick=True)
def ping_1(testbed: Testbed, route: Route) -> float:
    return wrk(testbed, route, PING, 1)


@measure("_ping/s, 10 connections", "1/s", "more", "mock", "tcp")
def ping_10(testbed: Testbed, route: Route) -> float:
    return wrk(testbed, route, PING, 10)


@measure("_ping/s, 50 connections", "1/s", "more", "mock", "tcp", quick=True)
def ping_50(testbed: Testbed, route: Route) -> float:
    return wrk(testbed, route, PING, 50)


@measure("containers/json/s, 1 connection", "1/s", "more", "mock", "tcp", quick=True)
def list_1(testbed: Testbed, route: Route) -> float:
    return wrk(testbed, route, LIST, 1)


@measure("containers/json/s, 10 connections", "1/s", "more", "mock", "tcp")
def list_10(testbed: Testbed, route: Route) -> float:
    return wrk(testbed, route, LIST, 10)


@measure("CPU for 1,000 _ping", "s", "less", "mock", "tcp", "tls", "unix")
def cpu(testbed: Testbed, route: Route) -> float:
    count = testbed.effort.requests * 2
    before = route.processes.cpu()
    latencies(route.endpoint, PING, count)
    return (route.processes.cpu() - before) / count * 1000


@measure("CPU for 1,000 lists", "s", "less", "mock", "tcp")
def cpu_of_lists(testbed: Testbed, route: Route) -> float:
    count = testbed.effort.requests // 4
    before = route.processes.cpu()
    latencies(route.endpoint, LIST, count)
    time.sleep(SETTLED)  # a capture is written a moment later
    return (route.processes.cpu() - before) / count * 1000


CALLS = 100_000


@measure(
    "memory after 100,000 calls",
    "MB",
    "less",
    "mock",
    "tcp",
    setups=("apispy", "apispy --capture"),
    once=True,
)
def memory_of_calls(testbed: Testbed, route: Route) -> float:
    """Measure how much private memory 100,000 calls add, after the first 1,000."""
    latencies(route.endpoint, PING, CALLS // 100)
    before = route.processes.memory()
    latencies(route.endpoint, PING, CALLS)
    time.sleep(SETTLED)
    return max(0, route.processes.memory() - before) / 1e6
