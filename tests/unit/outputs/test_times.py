"""Times that no calendar has: a damaged file, a clock that was wrong. Every output shows such a call."""

from pathlib import Path

import pytest

from apispy.app.export import exporters
from apispy.capture.format import to_json
from apispy.capture.rotation import finished_path
from apispy.model import Exchange, Request, Response
from apispy.outputs import Console, DecodedCall, JsonLines, Output
from apispy.outputs.json_log import JsonLog, log_line
from apispy.pipeline import Pipeline

TIMES = [-1.5, -1e10, -1e15, 1e12, 1e300]


def decoded(started: float) -> DecodedCall:
    found: list[DecodedCall] = []

    class Calls(Output):
        def write(self, decoded: DecodedCall) -> None:
            found.append(decoded)

        def close(self) -> None:
            pass

    request = Request("GET", "/v1.41/info")
    with_answer = Exchange(1, 1, started, "c", "unix:///x", request, Response(200), end="complete")
    pipeline = Pipeline([Calls()])
    pipeline.feed(with_answer)
    pipeline.close()
    return found[0]


@pytest.mark.parametrize("started", TIMES)
def test_each_output_shows_a_call_of_any_time(started: float) -> None:
    call = decoded(started)
    for make in (Console, JsonLines, lambda write: JsonLog(write, calls=True, clock=lambda: started)):
        texts: list[str] = []
        output = make(texts.append)
        output.write(call)
        output.close()
        assert "info" in "".join(texts)
    assert to_json(call.exchange)["request"]["target"] == "/v1.41/info"


@pytest.mark.parametrize("started", TIMES)
@pytest.mark.parametrize("name", exporters())
def test_each_export_has_a_call_of_any_time(name: str, started: float) -> None:
    assert list(exporters()[name].export([decoded(started)]))


@pytest.mark.parametrize("started", TIMES)
def test_names_of_files_and_lines_of_the_log(started: float) -> None:
    assert finished_path(Path("calls.jsonl"), started).name.startswith("calls-")
    assert "stopped" in log_line(started, "info", "stopped")
