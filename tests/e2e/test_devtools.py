"""HAR files and traces that were exported open in Chromium's DevTools, and each call is there as it was."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from apispy.capture import read
from apispy.outputs.exports.columns import unix_micros

from .apispy_process import apispy_command
from .conftest import unavailable
from .devtools import DevTools, chromium

SAMPLES = sorted((Path(__file__).parents[2] / "samples").glob("*.jsonl"))


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevTools]:
    if not shutil.which("chromium"):
        unavailable("this test opens files in Chromium; on Debian: apt-get install chromium")
    with chromium(tmp_path_factory.mktemp("chromium")) as socket:
        yield DevTools(socket)


def exported(path: Path, kind: str = "har") -> str:
    command = [*apispy_command(), "export", str(path), "--to", kind]
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_it_opens(path: Path, tools: DevTools) -> None:
    rows = sorted(tools.imported(exported(path)), key=lambda row: (row["url"], row["seconds"]))
    calls = sorted(read(path), key=lambda call: (f"http://x{call.request.target}", call.duration))
    assert len(rows) == len(calls)
    for row, call in zip(rows, calls, strict=True):
        response = call.response
        assert response
        assert (row["method"], row["status"]) == (call.request.method, response.status)
        assert row["url"].endswith(call.request.target)
        assert row["headers"] == len(response.headers)
        assert row["seconds"] == pytest.approx(call.duration, rel=0.3, abs=0.01)
        if response.body.shown:
            assert row["text"] == response.body.data.decode()
        if "json" in call.request.headers.text("content-type"):
            assert row["sent"] == call.request.body.data.decode()


def test_what_is_no_har_is_refused(tools: DevTools) -> None:
    with pytest.raises(AssertionError):
        tools.imported('{"log": {"entries": [{"request": 1}]}}')


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_trace_has_every_call_in_rows_of_containers_and_connections(path: Path, tools: DevTools) -> None:
    rows = tools.traced(exported(path, "perfetto"))
    drawn = sorted((start, took) for row in rows for _, start, took in row["calls"])
    calls = list(read(path))
    assert {(unix_micros(call.started), unix_micros(call.started + call.duration)) for call in calls} <= {
        (start, start + took) for start, took in drawn
    }
    assert len(drawn) >= len(calls)  # the steps of builds have rows, too
    for row in rows:
        assert re.match("container .|calls on no container$|builds$", row["process"])
        assert re.match(r"connection [0-9]+, .|steps of builds", row["thread"])
        ends = [0, *(start + took for _, start, took in row["calls"])]
        assert all(
            start >= end for (_, start, _), end in zip(row["calls"], ends, strict=False)
        )  # none overlap


def test_a_trace_that_is_none_cannot_be_read(tools: DevTools) -> None:
    with pytest.raises(AssertionError):
        tools.traced('{"traceEvents": [{"ph": ')
