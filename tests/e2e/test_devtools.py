"""A HAR file that was exported opens in Chromium's DevTools, and each call is there as it was."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from apispy.capture import read

from .apispy_process import apispy_command
from .conftest import unavailable
from .devtools import DevTools, chromium

SAMPLES = sorted((Path(__file__).parents[2] / "samples").glob("*.jsonl"))


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevTools]:
    if not shutil.which("chromium"):
        unavailable("this test opens a HAR file in Chromium; on Debian: apt-get install chromium")
    with chromium(tmp_path_factory.mktemp("chromium")) as socket:
        yield DevTools(socket)


def exported(path: Path) -> str:
    command = [*apispy_command(), "export", str(path), "--to", "har"]
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
