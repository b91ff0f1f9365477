"""With a real dockerd: a hijacked exec, many open streams, a list of 100 containers, an event on the screen."""

import time
from contextlib import ExitStack
from pathlib import Path

from bench.client import latencies, percentile, request
from bench.containers import LISTED, RUNNING, cat, daemon, fill, post
from bench.lab import Lab
from bench.measures.registry import measure
from bench.subjects import Route
from tests.e2e.waiting import until


@measure("hijack echo p50", "ms", "less", "docker", "tcp", "unix")
def echo(lab: Lab, route: Route) -> float:
    """A byte to a program in a container and back."""
    found = []
    with cat(lab, route) as sock:
        for number in range(lab.effort.requests // 5 + 10):
            began = time.perf_counter()
            sock.sendall(b"x")
            while b"x" not in sock.recv(100):
                pass
            if number >= 10:
                found.append((time.perf_counter() - began) * 1000)
    return percentile(found, 50)


@measure("memory of an open logs -f", "kB", "less", "docker", "tcp", "unix")
def streams(lab: Lab, route: Route) -> float:
    daemon(lab)
    question = request(f"/v1.41/containers/{RUNNING}/logs?stdout=1&follow=1")
    with ExitStack() as stack:
        for count in (10, lab.effort.streams):  # the first ones bring what all share
            before = route.processes.memory()
            for _ in range(count):
                sock = stack.enter_context(route.endpoint.socket())
                sock.sendall(question)
                assert b" 200 " in sock.recv(4096)
        return (route.processes.memory() - before) / lab.effort.streams / 1000


@measure("containers/json p50, dockerd", "ms", "less", "docker", "tcp", "unix")
def listing(lab: Lab, route: Route) -> float:
    """100 containers, as the daemon itself lists them."""
    fill(lab, 100)
    return percentile(latencies(route.endpoint, LISTED, max(50, lab.effort.requests // 20)), 50)


@measure("event to line", "ms", "less", "docker", "tcp", subjects=("apispy", "apispy --capture"))
def event_to_line(lab: Lab, route: Route) -> float:
    """From the moment in which the client has an event to the one in which its line stands in apispy's output."""
    there, found = daemon(lab), []
    out = Path(f"/proc/{route.processes.pid}/fd/1").resolve()
    with route.endpoint.socket() as sock:
        sock.sendall(request("/v1.41/events"))
        assert b" 200 " in sock.recv(4096)
        for _ in range(20):
            name = f"bench-{time.monotonic_ns()}"
            post(there.unix, "/v1.41/volumes/create", {"Name": name})
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
