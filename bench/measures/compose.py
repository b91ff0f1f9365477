"""Duration of Compose's calls for `up` of 20 services, without the work of Compose and of a daemon."""

import time

from bench import compose
from bench.client import exchange
from bench.measures.registry import measure
from bench.setups import Route
from bench.testbed import Testbed

SETUPS = ("direct", "socat", "haproxy", "mitmdump", "apispy -q", "apispy", "apispy --capture")


@measure("compose up, 20 services", "s", "less", "compose", "tcp", setups=SETUPS)
def compose_up(testbed: Testbed, route: Route) -> float:
    """Make the calls one after another on one connection; a replay of the recorded session is the daemon."""
    messages = compose.requests(compose.calls())
    with route.endpoint.socket(60) as sock:
        began = time.perf_counter()
        for message, bodyless in messages:
            exchange(sock, message, bodyless=bodyless)
        return time.perf_counter() - began
