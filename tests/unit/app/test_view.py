"""The outputs of a view."""

import io
import json

import pytest

from apispy.app.call_reports import CALL_REPORTS
from apispy.app.view import View
from apispy.filters import Filter
from apispy.outputs import Stats, ThreadWriter
from tests.unit.outputs.decoded_calls import decoded_call


def shown(view: View) -> str:
    stream = io.StringIO()
    writer = ThreadWriter(stream)
    for output in view.outputs(writer.write, stream):
        output.write(decoded_call("GET /info"))
        output.write(decoded_call("GET /version"))
        output.close()
    writer.close()
    return stream.getvalue()


def test_a_filter_applies_to_every_output() -> None:
    for view in (View, lambda **rest: View(as_json=True, **rest), lambda **rest: View(stats=True, **rest)):
        assert "SystemVersion" in shown(view())
        text = shown(view(filter=Filter.parse("info")))
        assert "SystemInfo" in text
        assert "SystemVersion" not in text


def test_statistics_are_the_only_output() -> None:
    stream = io.StringIO()
    writer = ThreadWriter(stream)
    assert [type(output) for output in View(stats=True).outputs(writer.write, stream)] == [Stats]
    writer.close()
    assert shown(View(stats=True, as_json=True)).startswith('{"operations": [')


def test_an_empty_summary_names_the_filter() -> None:
    assert (
        shown(View(quiet=True, filter=Filter.parse("slow>1m"))) == "No call matched the filter duration>1m\n"
    )


@pytest.mark.parametrize("name", CALL_REPORTS)
def test_a_report_is_the_only_output(name: str) -> None:
    text = shown(View(reports=(name,)))
    assert text.startswith(("2 calls", "API 1.")) or "2 calls compared" in text
    assert "GET /info" not in text.splitlines()[0]
    assert json.loads(shown(View(reports=(name,), as_json=True)))["calls"] == 2
    filtered = View(reports=(name,), as_json=True, filter=Filter.parse("info"))
    assert json.loads(shown(filtered))["calls"] == 1


def test_reports_are_in_the_order_of_their_names_with_a_line_between() -> None:
    one, other = shown(View(reports=("story",))), shown(View(reports=("drift",)))
    assert shown(View(reports=("story", "drift"))) == f"{one}\n{other}"


@pytest.mark.parametrize("name", CALL_REPORTS)
def test_a_report_on_no_call_says_so_and_is_valid_json(name: str) -> None:
    nothing = Filter.parse("slow>1m")
    assert shown(View(reports=(name,), filter=nothing)) == "No call matched the filter duration>1m\n"
    assert json.loads(shown(View(reports=(name,), filter=nothing, as_json=True)))["calls"] == 0


def test_no_notes_are_made_for_reports_but_for_a_filter_on_notes() -> None:
    assert View(reports=("story",)).wanted_notes == "off"
    assert View(reports=("story",), filter=Filter.parse("note:version")).wanted_notes == "on"
