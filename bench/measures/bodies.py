"""Large bodies: throughput and memory."""

import time

from bench.measures.registry import measure
from bench.setups import Route
from bench.testbed import Testbed

BLOCK = 1 << 20
DOWN = "GET /v1.41/images/x/get?size={size} HTTP/1.1\r\nHost: docker\r\n\r\n"
UP = (
    "POST /v1.41/images/load?size={size} HTTP/1.1\r\nHost: docker\r\nContent-Type: application/x-tar\r\n"
    "Content-Length: {size}\r\n\r\n"
)


def _download(route: Route, size: int) -> float:
    """Download a body, and return the seconds that it took."""
    room = memoryview(bytearray(BLOCK))
    with route.endpoint.socket(300) as sock:
        began = time.perf_counter()
        sock.sendall(DOWN.format(size=size).encode())
        got, end = 0, b""
        while end != b"0\r\n\r\n":
            came = sock.recv_into(room)
            assert came, f"the download ended after {got} bytes"
            got += came
            end = (end + bytes(room[max(0, came - 5) : came]))[-5:]
        assert got > size
        return time.perf_counter() - began


def _upload(route: Route, size: int) -> float:
    with route.endpoint.socket(300) as sock:
        began = time.perf_counter()
        sock.sendall(UP.format(size=size).encode())
        block = bytes(BLOCK)
        for _ in range(size // BLOCK):
            sock.sendall(block)
        assert b" 200 " in sock.recv(1000)
        return time.perf_counter() - began


@measure("download", "MB/s", "more", "bulk", "tcp", "tls", "unix", quick=True)
def download(testbed: Testbed, route: Route) -> float:
    return testbed.effort.body / _download(route, testbed.effort.body) / 1e6


@measure("upload", "MB/s", "more", "bulk", "tcp", "tls", "unix", quick=True)
def upload(testbed: Testbed, route: Route) -> float:
    return testbed.effort.body / _upload(route, testbed.effort.body) / 1e6


@measure("memory for a large body", "MB", "less", "bulk", "tcp", "tls", quick=True)
def memory(testbed: Testbed, route: Route) -> float:
    """Measure how much a download and an upload add to the resident memory, at the peak."""
    before = route.processes.resident()
    route.processes.reset_peak()
    _download(route, testbed.effort.body)
    _upload(route, testbed.effort.body)
    return max(0, route.processes.peak() - before) / 1e6
