"""gRPC calls per second over HTTP/2, by h2load."""

import re
import subprocess

from bench.h2 import CALL, request_file
from bench.measures.registry import measure
from bench.setups import Route
from bench.testbed import Testbed

STREAMS = 10
"""Calls at the same time on the connection."""

# Stock mitmdump does not take HTTP/2 without TLS.
SETUPS = ("direct", "socat", "haproxy", "apispy -q", "apispy", "apispy --capture")


@measure("gRPC calls/s, 1 connection", "1/s", "more", "h2", "tcp", setups=SETUPS)
def grpc_calls(testbed: Testbed, route: Route) -> float:
    """Call a method without TLS, ten calls at a time on one connection."""
    count = testbed.effort.requests * 2
    command = ["h2load", "-n", str(count), "-c", "1", "-m", str(STREAMS)]
    command += ["-d", str(request_file(testbed.addresses("h2").where))]
    command += ["-H", "content-type: application/grpc", "-H", "te: trailers"]
    url = "http://{}:{}{}".format(*route.endpoint.address, CALL)
    output = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    found = re.search(r"finished in [^,]+, ([\d.]+) req/s", output)
    assert found is not None, output
    assert f"{count} succeeded, 0 failed" in output, output
    return float(found[1])
