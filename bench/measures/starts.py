"""How long programs take to start."""

import subprocess
import sys
import time
from pathlib import Path

from bench.lab import Lab
from bench.measures.registry import measure
from bench.subjects import Route

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


@measure("start: --help", "s", "less", "mock", "tcp", subjects=tuple(HELP), quick=True)
def start_help(lab: Lab, route: Route) -> float:
    """Of mitmdump --version; "direct" is Python that does nothing."""
    return _seconds(*HELP[route.subject])


@measure("start: explain", "s", "less", "mock", "tcp", subjects=("apispy",))
def start_explain(lab: Lab, route: Route) -> float:
    return _seconds(APISPY, "explain", "ContainerList")


@measure("start: run -- true", "s", "less", "mock", "unix", subjects=("direct", "apispy"))
def start_run(lab: Lab, route: Route) -> float:
    if route.subject == "direct":
        return _seconds("true")
    return _seconds(APISPY, "run", "--upstream", lab.places("mock").unix.host, "--", "true")


@measure(
    "start: takes connections",
    "s",
    "less",
    "mock",
    "tcp",
    subjects=("socat", "haproxy", "mitmdump", "apispy"),
)
def start_listening(lab: Lab, route: Route) -> float:
    began = time.perf_counter()
    fresh = lab.fresh(route.subject, "mock", "tcp")
    took = time.perf_counter() - began
    fresh.stop()
    return took
