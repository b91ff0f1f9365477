"""Requests per second, by wrk, and their CPU time."""

import re
import subprocess

from bench.client import latencies
from bench.measures.latency import LIST, PING
from bench.measures.registry import measure
from bench.setups import Route
from bench.testbed import Testbed


def _wrk(testbed: Testbed, route: Route, path: str, connections: int) -> float:
    url = "http://{}:{}{}".format(*route.endpoint.address, path)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{testbed.effort.seconds}s", url]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"Requests/sec: +([\d.]+)", output)
    assert found is not None, output
    assert "Non-2xx" not in output, output
    return float(found[1])


@measure("_ping/s, 1 connection", "1/s", "more", "mock", "tcp", quick=True)
def ping_1(testbed: Testbed, route: Route) -> float:
    return _wrk(testbed, route, PING, 1)


@measure("_ping/s, 10 connections", "1/s", "more", "mock", "tcp")
def ping_10(testbed: Testbed, route: Route) -> float:
    return _wrk(testbed, route, PING, 10)


@measure("_ping/s, 50 connections", "1/s", "more", "mock", "tcp", quick=True)
def ping_50(testbed: Testbed, route: Route) -> float:
    return _wrk(testbed, route, PING, 50)


@measure("containers/json/s, 1 connection", "1/s", "more", "mock", "tcp")
def list_1(testbed: Testbed, route: Route) -> float:
    return _wrk(testbed, route, LIST, 1)


@measure("containers/json/s, 10 connections", "1/s", "more", "mock", "tcp")
def list_10(testbed: Testbed, route: Route) -> float:
    return _wrk(testbed, route, LIST, 10)


@measure("CPU for 1,000 _ping", "s", "less", "mock", "tcp", "tls", "unix")
def cpu(testbed: Testbed, route: Route) -> float:
    count = testbed.effort.requests * 2
    before = route.processes.cpu()
    latencies(route.endpoint, PING, count)
    return (route.processes.cpu() - before) / count * 1000
