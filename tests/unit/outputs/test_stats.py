"""Statistics: their text, their JSON, repeated reads, and their cost."""

import json
import time
import tracemalloc
from collections.abc import Iterable
from typing import Any

import pytest

from apispy.model import Response
from apispy.outputs import DecodedCall, Stats, stats
from apispy.outputs.repeats import MAX_TARGETS
from tests.machine_speed import slowdown

from .decoded_calls import decoded_call, exchange, tunnel


def text(decoded_calls: Iterable[DecodedCall], as_json: bool = False) -> str:
    texts: list[str] = []
    output = Stats(texts.append, as_json=as_json)
    for each in decoded_calls:
        output.write(each)
    output.close()
    return "".join(texts)


def record(*decoded_calls: DecodedCall) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text(decoded_calls, as_json=True))
    return found


def reads(gap: float, *targets: str, start: float = 1000.0) -> list[DecodedCall]:
    return [
        decoded_call(f"GET {target}", started=start + place * gap) for place, target in enumerate(targets)
    ]


ONE_BY_ONE = reads(0.01, *(f"/containers/c{number}/json" for number in range(50)))


def test_nothing() -> None:
    assert text([]) == "no calls\n"
    assert record() == {"operations": [], "total": record()["total"], "histogram": []}
    assert record()["total"]["latency"] is None


def test_the_text() -> None:
    calls = [
        decoded_call("GET /containers/json", 200, [], duration=0.0101),
        *ONE_BY_ONE,
        *reads(0.5, *["/containers/web/json"] * 20, start=2000.0),
        decoded_call("POST /containers/x/attach", 101, tunnel=tunnel(b"in", b"x" * 1500), duration=12.0),
        decoded_call("BREW /\x1b", None, None),
    ]
    assert text(calls) == (
        "calls  errors    p50    p90    p99  longest  sent  received  operation\n"
        "-----  ------  -----  -----  -----  -------  ----  --------  ----------------\n"
        "   70          45 ms  45 ms  45 ms    45 ms   0 B       0 B  ContainerInspect\n"
        "    1                                         0 B       0 B  ?\n"
        "    1          10 ms  10 ms  10 ms    10 ms   2 B    1.5 kB  ContainerAttach\n"
        "    1          10 ms  10 ms  10 ms    10 ms   0 B       3 B  ContainerList\n"
        "-----  ------  -----  -----  -----  -------  ----  --------  ----------------\n"
        "   73          45 ms  45 ms  45 ms    45 ms   2 B    1.5 kB  total\n"
        "\n"
        "latency, below ...\n"
        "    10 ms |#                                                  1\n"
        "    20 ms |#                                                  1\n"
        "    50 ms |################################################## 70\n"
        "\n"
        "bursts of reads, each within 1 s of the one before\n"
        "  50 x ContainerInspect of 50 targets within 490 ms; repeats of a target within 1 s: 19\n"
    )


def run_of(decoded_calls: list[DecodedCall]) -> tuple[int, int, int]:
    """(again, calls, targets)"""
    [operation] = record(*decoded_calls)["operations"]
    repeats = operation["repeats"]
    return repeats["again"], repeats["run"]["calls"], repeats["run"]["targets"]


@pytest.mark.parametrize(
    ("decoded_calls", "found"),
    [
        (ONE_BY_ONE, (0, 50, 50)),
        (reads(0.5, *["/info"] * 20), (19, 20, 1)),
        (reads(1.5, *["/info"] * 20), (0, 1, 1)),
        (reads(0.1, *["/info", "/v1.41/info"] * 3), (4, 6, 2)),
        (reads(0.0, *["/info"] * 3) + reads(0.0, *["/info"] * 2, start=5000.0), (3, 3, 1)),
        (reads(-0.5, *["/info"] * 4), (3, 4, 1)),  # told in another order than begun
        (reads(0.001, *["/events"] * 20), (0, 0, 0)),
        ([decoded_call("POST /containers/x/start")] * 20, (0, 0, 0)),
    ],
)
def test_what_is_read_again(decoded_calls: list[DecodedCall], found: tuple[int, int, int]) -> None:
    assert run_of(decoded_calls) == found


def test_targets_are_counted_up_to_a_bound() -> None:
    decoded_calls = reads(0.0, *(f"/containers/c{n}/json" for n in range(2 * MAX_TARGETS)))
    assert run_of(decoded_calls) == (0, 2 * MAX_TARGETS, MAX_TARGETS)


def documented(number: int) -> list[str]:
    """Return the names in the first column of a table in the docstring."""
    tables = [part for part in (stats.__doc__ or "").split("\n\n") if part.startswith("|")]
    return [row.split("|")[1].strip() for row in tables[number].splitlines()[2:]]


def test_the_json_is_as_documented() -> None:
    found = record(*ONE_BY_ONE, decoded_call("BREW /"))
    inspect, odd = found["operations"]
    assert list(found) == documented(0)
    assert list(inspect) == documented(1)
    assert list(found["total"]) == documented(1)[2:-1]
    assert list(inspect["repeats"]["run"]) == documented(2)
    assert (inspect["operation"], odd["operation"]) == ("ContainerInspect", None)
    assert (inspect["tag"], odd["tag"]) == ("Container", None)
    assert inspect["repeats"]["run"] == {"calls": 50, "targets": 50, "seconds": 0.49}
    assert found["histogram"] == [{"from": 0.02, "to": 0.05, "calls": 51}]


def test_a_stream_is_as_fast_as_its_head() -> None:
    follows = exchange("GET /containers/x/logs?follow=1", 200, b"", duration=3600.0)
    assert isinstance(follows.response, Response)
    found = record(
        decoded_call("GET /containers/x/logs?follow=1", duration=3600.0),
        decoded_call("GET /info", duration=2.0),
    )
    assert {row["operation"]: row["latency"]["max"] for row in found["operations"]} == {
        "ContainerLogs": 0.01,
        "SystemInfo": 2.0,
    }


def test_many_calls_are_quick_and_take_no_more_memory() -> None:
    """100,000 calls of 5000 targets: at least 20,000 a second, for the output alone."""
    output = Stats(lambda _: None)
    calls = [decoded_call(f"GET /containers/c{number}/json") for number in range(5000)]
    for call in calls:
        output.write(call)
    begin = time.process_time()
    for _ in range(19):
        for call in calls:
            output.write(call)
    assert time.process_time() - begin < 95_000 / 20_000 * slowdown()
    tracemalloc.start()
    for call in calls:
        output.write(call)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 300_000
