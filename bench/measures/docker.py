"""Measures with a real dockerd: a hijacked exec, many open streams, a list of 100 containers, the delay of events."""

import time
from contextlib import ExitStack
from pathlib import Path

from bench.client import latencies, percentile, request
from bench.containers import LISTED, RUNNING, daemon, echo_connection, ensure_containers, post
from bench.measures.registry import measure
from bench.setups import Route
from bench.testbed import Testbed
from tests.e2e.wait import until


@measure("hijack echo p50", "ms", "less", "docker", "tcp", "unix")
def echo(testbed: Testbed, route: Route) -> float:
    """Send a byte to a program in a container and back."""
    found = []
    with echo_connection(testbed, route) as sock:
        for number in range(testbed.effort.requests // 5 + 10):
            began = time.perf_counter()
            sock.sendall(b"x")
            while b"x" not in sock.recv(100):
                pass
            if number >= 10:
                found.append((time.perf_counter() - began) * 1000)
    return percentile(found, 50)


@measure("memory of an open logs -f", "kB", "less", "docker", "tcp", "unix")
def streams(testbed: Testbed, route: Route) -> float:
    daemon(testbed)
    message = request(f"/v1.41/containers/{RUNNING}/logs?stdout=1&follow=1")
    with ExitStack() as stack:
        for count in (10, testbed.effort.streams):  # the first streams allocate what all share
            before = route.processes.memory()
            for _ in range(count):
                sock = stack.enter_context(route.endpoint.socket())
                sock.sendall(message)
                assert b" 200 " in sock.recv(4096)
        return (route.processes.memory() - before) / testbed.effort.streams / 1000


@measure("containers/json p50, dockerd", "ms", "less", "docker", "tcp", "unix")
def listing(testbed: Testbed, route: Route) -> float:
    """List 100 containers of the real daemon."""
    ensure_containers(testbed, 100)
    return percentile(latencies(route.endpoint, LISTED, max(50, testbed.effort.requests // 20)), 50)


@measure("event to line", "ms", "less", "docker", "tcp", setups=("apispy", "apispy --capture"))
def event_to_line(testbed: Testbed, route: Route) -> float:
    """Measure the delay from the client's receipt of an event to its line in apispy's output."""
    real, found = daemon(testbed), []
    out = Path(f"/proc/{route.processes.pid}/fd/1").resolve()
    with route.endpoint.socket() as sock:
        sock.sendall(request("/v1.41/events"))
        assert b" 200 " in sock.recv(4096)
        for _ in range(20):
            name = f"bench-{time.monotonic_ns()}"
            post(real.unix, "/v1.41/volumes/create", {"Name": name})
            seen = b""
            while name.encode() not in seen:
                seen += sock.recv(65536)
            began = time.perf_counter()
            until(lambda name=name: name in _tail(out), 10, f"{name} on the screen", every=0.0002)  # type: ignore[misc]
            found.append((time.perf_counter() - began) * 1000)
    return percentile(found, 50)


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        return file.read().decode(errors="replace")
