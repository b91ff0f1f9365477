"""Duration of a request on a kept-alive connection."""

from bench.client import latencies, percentile, steady_latencies
from bench.measures.registry import measure
from bench.setups import Route
from bench.testbed import Testbed

PING, LIST = "/_ping", "/v1.41/containers/json"


@measure("_ping p50", "ms", "less", "mock", "tcp", "tls", "unix", quick=True)
def ping_p50(testbed: Testbed, route: Route) -> float:
    return percentile(latencies(route.endpoint, PING, testbed.effort.requests), 50)


@measure("_ping p99", "ms", "less", "mock", "tcp", "tls", "unix")
def ping_p99(testbed: Testbed, route: Route) -> float:
    return percentile(latencies(route.endpoint, PING, testbed.effort.requests), 99)


@measure("containers/json p50", "ms", "less", "mock", "tcp", "tls", "unix", quick=True)
def list_p50(testbed: Testbed, route: Route) -> float:
    return percentile(latencies(route.endpoint, LIST, testbed.effort.requests // 10), 50)


@measure("containers/json p99", "ms", "less", "mock", "tcp")
def list_p99(testbed: Testbed, route: Route) -> float:
    return percentile(latencies(route.endpoint, LIST, testbed.effort.requests // 10), 99)


RATE = 100
"""Requests per second at a steady rate, which leaves time for what is done after each."""

INSPECTED = ("direct", "mitmdump", "mitmdump -w", "apispy -q", "apispy", "apispy --capture")


@measure("containers/json p50, 100/s", "ms", "less", "mock", "tcp", setups=INSPECTED)
def steady_p50(testbed: Testbed, route: Route) -> float:
    return percentile(steady_latencies(route.endpoint, LIST, testbed.effort.requests // 4, RATE), 50)


@measure("containers/json p99, 100/s", "ms", "less", "mock", "tcp", setups=INSPECTED)
def steady_p99(testbed: Testbed, route: Route) -> float:
    return percentile(steady_latencies(route.endpoint, LIST, testbed.effort.requests // 2, RATE), 99)
