"""How long one request takes on a connection that is kept."""

from bench.client import latencies, percentile
from bench.lab import Lab
from bench.measures.registry import measure
from bench.subjects import Route

PING, LIST = "/_ping", "/v1.41/containers/json"


@measure("_ping p50", "ms", "less", "mock", "tcp", "tls", "unix", quick=True)
def ping_p50(lab: Lab, route: Route) -> float:
    return percentile(latencies(route.endpoint, PING, lab.effort.requests), 50)


@measure("_ping p99", "ms", "less", "mock", "tcp", "tls", "unix")
def ping_p99(lab: Lab, route: Route) -> float:
    return percentile(latencies(route.endpoint, PING, lab.effort.requests), 99)


@measure("containers/json p50", "ms", "less", "mock", "tcp", "tls", "unix", quick=True)
def list_p50(lab: Lab, route: Route) -> float:
    return percentile(latencies(route.endpoint, LIST, lab.effort.requests // 10), 50)


@measure("containers/json p99", "ms", "less", "mock", "tcp")
def list_p99(lab: Lab, route: Route) -> float:
    return percentile(latencies(route.endpoint, LIST, lab.effort.requests // 10), 99)
