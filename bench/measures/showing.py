"""How fast a saved capture is shown."""

import subprocess
import time
from pathlib import Path

from apispy.capture import Header, Writer, read
from apispy.model import Exchange
from apispy.structs import replace
from bench.measures.registry import measure
from bench.measures.startup import APISPY
from bench.setups import Route
from bench.testbed import Testbed

SAMPLES = Path(__file__).parents[2] / "samples"
SESSIONS = ("compose", "run", "ps-tcp")

CALLS_PER_REQUEST = 5
"""Calls in the capture by the effort: 10,000 in a full run."""


def _capture(testbed: Testbed) -> tuple[Path, int]:
    """Make a capture of the calls of sample sessions, again and again. Returns it and the number of calls.

    None begins before the one before it ends, as in those sessions.
    """
    path, count = testbed.where / "shown.apispy", testbed.effort.requests * CALLS_PER_REQUEST
    if not path.exists():
        calls: list[Exchange] = [one for name in SESSIONS for one in read(SAMPLES / f"{name}.jsonl", _refuse)]
        with Writer(path) as writer:
            writer.header(Header("bench", 1.0, upstream="unix:///var/run/docker.sock"))
            for number in range(1, count + 1):
                call = calls[number % len(calls)]
                writer.exchange(replace(call, id=number, started=1.7e9 + number))
    return path, count


def _refuse(problem: str) -> None:
    raise AssertionError(problem)


def _calls_per_second(testbed: Testbed, *options: str) -> float:
    path, count = _capture(testbed)
    began = time.perf_counter()
    subprocess.run([APISPY, "show", str(path), *options], check=True, stdout=subprocess.DEVNULL)
    return count / (time.perf_counter() - began)


@measure("show, calls/s", "1/s", "more", "mock", "tcp", setups=("apispy",), quick=True)
def show(testbed: Testbed, route: Route) -> float:
    """Show a capture as lines, with the start of the program."""
    return _calls_per_second(testbed)


@measure("show --stats, calls/s", "1/s", "more", "mock", "tcp", setups=("apispy",))
def show_stats(testbed: Testbed, route: Route) -> float:
    return _calls_per_second(testbed, "--stats")
