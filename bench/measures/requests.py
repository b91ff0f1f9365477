"""Requests in a second, with wrk; and what they cost."""

import re
import subprocess

from bench.client import latencies
from bench.lab import Lab
from bench.measures.latency import LIST, PING
from bench.measures.registry import measure
from bench.subjects import Route


def _wrk(lab: Lab, route: Route, path: str, connections: int) -> float:
    url = "http://{}:{}{}".format(*route.endpoint.address, path)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{lab.effort.seconds}s", url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"Requests/sec: +([\d.]+)", said)
    assert found is not None, said
    assert "Non-2xx" not in said, said
    return float(found[1])


@measure("_ping/s, 1 connection", "1/s", "more", "mock", "tcp", quick=True)
def ping_1(lab: Lab, route: Route) -> float:
    return _wrk(lab, route, PING, 1)


@measure("_ping/s, 10 connections", "1/s", "more", "mock", "tcp")
def ping_10(lab: Lab, route: Route) -> float:
    return _wrk(lab, route, PING, 10)


@measure("_ping/s, 50 connections", "1/s", "more", "mock", "tcp", quick=True)
def ping_50(lab: Lab, route: Route) -> float:
    return _wrk(lab, route, PING, 50)


@measure("containers/json/s, 1 connection", "1/s", "more", "mock", "tcp")
def list_1(lab: Lab, route: Route) -> float:
    return _wrk(lab, route, LIST, 1)


@measure("containers/json/s, 10 connections", "1/s", "more", "mock", "tcp")
def list_10(lab: Lab, route: Route) -> float:
    return _wrk(lab, route, LIST, 10)


@measure("CPU for 1,000 _ping", "s", "less", "mock", "tcp", "tls", "unix")
def cpu(lab: Lab, route: Route) -> float:
    count = lab.effort.requests * 2
    before = route.processes.cpu()
    latencies(route.endpoint, PING, count)
    return (route.processes.cpu() - before) / count * 1000
