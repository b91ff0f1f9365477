"""The transcript: text stays in its place, and long text is cut."""

from apispy.outputs.exports import EXPORTERS
from apispy.outputs.exports.markdown import MAX_LINES, MAX_SIZE, code, fenced, html_code, table_cell
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


def long_call(number: int, status: int = 200) -> object:
    body = b"".join(b"line %d\n" % line for line in range(MAX_LINES))
    return decoded_call(f"GET /v1.41/containers/web{number}/logs", status, body)


def test_many_long_calls_fit_into_a_comment() -> None:
    """A comment on GitHub may have 65,536 characters. Streams are shown with fewer lines then."""
    text = export(*map(long_call, range(90)))
    assert MAX_SIZE // 2 < len(text) <= MAX_SIZE
    assert text.count("<details>") == 90
    assert f"At most {MAX_LINES} lines" not in text
    assert "Left out" not in text


def test_a_long_session_leaves_out_details_but_not_of_failed_calls() -> None:
    text = export(*map(long_call, range(600)), long_call(9999, 500))
    assert len(text) <= MAX_SIZE
    assert text.count("<details>") < 601
    assert "<details><summary><code>#7 ContainerLogs: GET /v1.41/containers/web9999/logs" in text
    assert f"Left out, to fit into a comment: the details of {601 - text.count('<details>')} calls;" in text


def test_a_very_long_session_leaves_out_rows() -> None:
    text = export(*map(long_call, range(3000)))
    assert len(text) <= MAX_SIZE
    assert text.startswith("# Docker API: 3000 calls\n")
    rows = text.count("\n| 7 |")
    assert f"{3000 - rows} calls of the table and the details of 3000 calls;" in text
