"""Start-up time of programs."""

import subprocess
import sys
import time
from pathlib import Path

from bench.measures.registry import measure
from bench.setups import Route
from bench.testbed import Testbed

SCRIPTS = Path(sys.executable).parent
APISPY = str(SCRIPTS / "apispy")
HELP = {
    "direct": [sys.executable, "-c", "pass"],
    "mitmdump": [str(SCRIPTS / "mitmdump"), "--version"],  # quicker than its --help
    "apispy": [APISPY, "--help"],
}


def _seconds(*command: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


@measure("start: --help", "s", "less", "mock", "tcp", setups=tuple(HELP), quick=True)
def start_help(testbed: Testbed, route: Route) -> float:
    """Time --help; for mitmdump it is --version, and "direct" is Python with an empty script."""
    return _seconds(*HELP[route.setup])


@measure("start: explain", "s", "less", "mock", "tcp", setups=("apispy",))
def start_explain(testbed: Testbed, route: Route) -> float:
    return _seconds(APISPY, "explain", "ContainerList")


@measure("start: run -- true", "s", "less", "mock", "unix", setups=("direct", "apispy"))
def start_run(testbed: Testbed, route: Route) -> float:
    if route.setup == "direct":
        return _seconds("true")
    return _seconds(APISPY, "run", "--upstream", testbed.addresses("mock").unix.host, "--", "true")


@measure(
    "start: takes connections",
    "s",
    "less",
    "mock",
    "tcp",
    setups=("socat", "haproxy", "mitmdump", "apispy"),
)
def start_listening(testbed: Testbed, route: Route) -> float:
    began = time.perf_counter()
    fresh = testbed.fresh(route.setup, "mock", "tcp")
    took = time.perf_counter() - began
    fresh.stop()
    return took
