"""How long a new connection with its first request takes."""

import time

from bench.client import ask, percentile, request
from bench.lab import Lab
from bench.measures.registry import measure
from bench.subjects import Route

QUESTION = request("/_ping")


@measure("new connection p50", "ms", "less", "mock", "tcp", "tls", "unix", quick=True)
def new_connection(lab: Lab, route: Route) -> float:
    found, context = [], route.endpoint.tls_context() if route.endpoint.certs else None
    for _ in range(lab.effort.requests // 10):
        began = time.perf_counter()
        with route.endpoint.plain_socket() as sock:
            if context is None:
                ask(sock, QUESTION)
            else:
                with context.wrap_socket(sock, server_hostname="127.0.0.1") as tls:
                    ask(tls, QUESTION)
        found.append((time.perf_counter() - began) * 1000)
    return percentile(found, 50)
