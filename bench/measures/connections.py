"""Duration of a new connection with its first request."""

import time

from bench.client import exchange, percentile, request
from bench.measures.registry import measure
from bench.setups import Route
from bench.testbed import Testbed

PING_REQUEST = request("/_ping")


@measure("new connection p50", "ms", "less", "mock", "tcp", "tls", "unix", quick=True)
def new_connection(testbed: Testbed, route: Route) -> float:
    found, context = [], route.endpoint.tls_context() if route.endpoint.certs else None
    for _ in range(testbed.effort.requests // 10):
        began = time.perf_counter()
        with route.endpoint.plain_socket() as sock:
            if context is None:
                exchange(sock, PING_REQUEST)
            else:
                with context.wrap_socket(sock, server_hostname="127.0.0.1") as tls:
                    exchange(tls, PING_REQUEST)
        found.append((time.perf_counter() - began) * 1000)
    return percentile(found, 50)
