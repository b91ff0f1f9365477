"""The outputs of a view."""

import io

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
