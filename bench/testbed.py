"""The daemons and the proxies in front of them: each starts on first use, and all stop together."""

import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from bench.addresses import ServerAddresses, Transport
from bench.compose import ComposeServer
from bench.h2 import Http2Server
from bench.mock import Mock
from bench.setups import SETUPS, Route
from tests.e2e.daemon import IMAGE, Daemon, busybox_root, free_port
from tests.e2e.endpoints import Endpoint
from tests.e2e.wait import until

Upstream = Literal["mock", "bulk", "docker", "h2", "compose"]
"""nginx with fixed responses; a source and sink of large bodies; a real dockerd; a server of HTTP/2; a recorded
session of Compose, replayed."""


@dataclass(frozen=True)
class Effort:
    """How much is measured."""

    rounds: int  # the result is their median
    seconds: float  # per run of wrk
    requests: int  # per run that measures latencies
    body: int  # bytes of a large body
    streams: int  # number of simultaneous `logs -f`
    pairs: int  # of processes that are compared with each other


FULL = Effort(rounds=5, seconds=3, requests=2000, body=1 << 30, streams=200, pairs=7)
QUICK = Effort(rounds=2, seconds=1, requests=400, body=64 << 20, streams=20, pairs=1)


class Testbed:
    def __init__(self, where: Path, effort: Effort) -> None:
        self.where, self.effort = where, effort
        self._stack = ExitStack()
        self._addresses: dict[Upstream, ServerAddresses] = {}
        self._routes: dict[tuple[str, Upstream, Transport], Route] = {}
        self.daemon: Daemon | None = None  # once a real one is needed

    def close(self) -> None:
        self._stack.close()

    def addresses(self, upstream: Upstream) -> ServerAddresses:
        if upstream not in self._addresses:
            start = self._starts()[upstream]
            self._addresses[upstream] = start(ServerAddresses.make(self.where / upstream))
        return self._addresses[upstream]

    def route(self, setup: str, upstream: Upstream, transport: Transport) -> Route:
        """Return the route through a *setup*; always the same process."""
        key = setup, upstream, transport
        if key not in self._routes:
            self._routes[key] = self.fresh(setup, upstream, transport)
        return self._routes[key]

    def fresh(self, setup: str, upstream: Upstream, transport: Transport) -> Route:
        """Return a route with a new process, which stops with the testbed at the latest."""
        number = len(list(self.where.iterdir()))
        where = self.where / f"{number}-{re.sub(r'[^a-z]+', '-', setup)}"
        route = SETUPS[setup].start(where, self.addresses(upstream), transport)
        route.setup = setup
        self._stack.callback(route.stop)
        return route

    def _starts(self) -> dict[Upstream, Callable[[ServerAddresses], ServerAddresses]]:
        return {
            "mock": self._mock,
            "bulk": self._bulk,
            "docker": self._docker,
            "h2": self._h2,
            "compose": self._compose,
        }

    def _h2(self, addresses: ServerAddresses) -> ServerAddresses:
        self._stack.callback(Http2Server.start(addresses).stop)
        return addresses

    def _compose(self, addresses: ServerAddresses) -> ServerAddresses:
        self._stack.callback(ComposeServer.start(addresses).stop)
        return addresses

    def _mock(self, addresses: ServerAddresses) -> ServerAddresses:
        self._stack.callback(Mock.start(addresses).stop)
        return addresses

    def _bulk(self, addresses: ServerAddresses) -> ServerAddresses:
        ports = [str(endpoint.address[1]) for endpoint in (addresses.tcp, addresses.tls)]
        command = [
            sys.executable,
            "-m",
            "bench.bulk",
            *ports,
            addresses.unix.path,
            str(addresses.server_certs),
        ]
        process = subprocess.Popen(command)
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        until(Path(f"{addresses.unix.path}.ready").exists, 10, "the source of large bodies to listen")
        return addresses

    def _docker(self, addresses: ServerAddresses) -> ServerAddresses:
        tcp = Endpoint(f"tcp://127.0.0.1:{free_port()}")
        self.daemon = daemon = Daemon(addresses.where / "d", ["-H", tcp.host])
        self._stack.callback(daemon.stop)
        daemon.docker("import", "-", IMAGE, input=busybox_root())
        return replace(addresses, tcp=tcp, unix=daemon.unix)
