"""The daemons, and what stands before them: each started when it is first asked for, and ended together."""

import re
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from bench.mock import Mock
from bench.places import Places, Transport
from bench.subjects import SUBJECTS, Route
from tests.e2e.daemon import IMAGE, Daemon, busybox_root, free_port
from tests.e2e.endpoints import Endpoint
from tests.e2e.waiting import until

Upstream = Literal["mock", "bulk", "docker"]
"""nginx with fixed answers; a source and sink of large bodies; a real dockerd."""


@dataclass(frozen=True)
class Effort:
    """How long things are measured."""

    rounds: int  # of which the median counts
    seconds: float  # of a run of wrk
    requests: int  # of a run that counts latencies
    body: int  # bytes of a large body
    streams: int  # `logs -f` that are open at once


FULL = Effort(rounds=5, seconds=3, requests=2000, body=1 << 30, streams=200)
QUICK = Effort(rounds=2, seconds=1, requests=400, body=64 << 20, streams=20)


class Lab:
    def __init__(self, where: Path, effort: Effort) -> None:
        self.where, self.effort = where, effort
        self._stack = ExitStack()
        self._places: dict[Upstream, Places] = {}
        self._routes: dict[tuple[str, Upstream, Transport], Route] = {}
        self.daemon: Daemon | None = None  # once a real one was asked for

    def close(self) -> None:
        self._stack.close()

    def places(self, upstream: Upstream) -> Places:
        if upstream not in self._places:
            start = {"mock": self._mock, "bulk": self._bulk, "docker": self._docker}[upstream]
            self._places[upstream] = start(Places.make(self.where / upstream))
        return self._places[upstream]

    def route(self, subject: str, upstream: Upstream, transport: Transport) -> Route:
        """The way through a *subject*; the same process each time."""
        key = subject, upstream, transport
        if key not in self._routes:
            self._routes[key] = self.fresh(subject, upstream, transport)
        return self._routes[key]

    def fresh(self, subject: str, upstream: Upstream, transport: Transport) -> Route:
        """The same with a new process, which ends with the lab, or before."""
        number = len(list(self.where.iterdir()))
        where = self.where / f"{number}-{re.sub(r'[^a-z]+', '-', subject)}"
        route = SUBJECTS[subject].start(where, self.places(upstream), transport)
        route.subject = subject
        self._stack.callback(route.stop)
        return route

    def _mock(self, places: Places) -> Places:
        self._stack.callback(Mock.start(places).stop)
        return places

    def _bulk(self, places: Places) -> Places:
        ports = [str(endpoint.address[1]) for endpoint in (places.tcp, places.tls)]
        command = [sys.executable, "-m", "bench.bulk", *ports, places.unix.path, str(places.server_certs)]
        process = subprocess.Popen(command)
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        until(Path(f"{places.unix.path}.ready").exists, 10, "the source of large bodies to listen")
        return places

    def _docker(self, places: Places) -> Places:
        tcp = Endpoint(f"tcp://127.0.0.1:{free_port()}")
        self.daemon = daemon = Daemon(places.where / "d", ["-H", tcp.host])
        self._stack.callback(daemon.stop)
        daemon.docker("import", "-", IMAGE, input=busybox_root())
        return replace(places, tcp=tcp, unix=daemon.unix)
