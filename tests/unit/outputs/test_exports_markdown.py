"""The transcript: text stays in its place, and long text is cut."""

from apispy.outputs.exports import EXPORTERS
from apispy.outputs.exports.markdown import MAX_LINES, code, fenced, html_code, table_cell
from tests.unit.outputs.decoded_calls import decoded_call


def export(*decoded_calls: object) -> str:
    return "".join(map(str, EXPORTERS["markdown"].export(decoded_calls)))  # type: ignore[arg-type]


def test_code_spans():
    assert code("plain") == "`plain`"
    assert code("a `b`") == "`` a `b` ``"
    assert code("") == ""
    assert table_cell("a|b") == "`a\\|b`"
    assert table_cell("a\\|b") == "`a\\\\\\|b`"
    assert html_code("<b> & \x1b") == "<code>&lt;b&gt; &amp; \\e</code>"


def test_a_fence_is_longer_than_any_inside():
    assert list(fenced(["x ```` y"])) == ["`````", "x ```` y", "`````"]


def test_a_long_stream_is_cut_and_says_so():
    text = export(decoded_call("GET /v1.41/containers/web/logs", 200, b"line\n" * (MAX_LINES + 20)))
    assert text.count("< line") <= MAX_LINES
    assert "... and 21 more lines" in text


def test_what_went_wrong_is_counted():
    good, bad = decoded_call("GET /v1.41/info"), decoded_call("GET /v1.41/info", 500, {"message": "no"})
    assert export(good, bad).startswith("# Docker API: 2 calls, 1 failed\n")
    assert export(good).startswith("# Docker API: 1 call\n")
    assert export().startswith("# Docker API: no calls\n")
