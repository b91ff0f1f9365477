"""The data of the page, and the document: nothing of the wire is markup, and only the script of the page runs."""

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from apispy.app.page import MAX_NOTICES, session_page
from apispy.app.page_server import make_page
from apispy.capture import Header, Notice
from apispy.capture.lines import encode_line
from apispy.engine.operations import BY_ID
from apispy.model import Body, Chunk, Item
from apispy.outputs import DecodedCall
from apispy.outputs.page import POLICY, document, page_call
from apispy.outputs.page.document import ASSETS, SCRIPT, SCRIPTS, STATIC_ROWS, STYLE
from apispy.outputs.page.page_call import MAX_MARKS, page_json
from apispy.outputs.page.sections import MAX_CHARACTERS
from apispy.structs import replace
from tests.golden.exported import decoded_calls
from tests.unit.outputs.decoded_calls import decoded_call, exchange, tunnel

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&\x1b[31m\u202e\x00\x07"


class Elements(HTMLParser):
    """The elements of a page with their text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self._open = False  # whether the last element has not ended
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), ""))
        self._open = True

    def handle_endtag(self, tag: str) -> None:
        self._open = False

    def handle_data(self, data: str) -> None:
        if self._open:
            tag, attributes, text = self.found[-1]
            self.found[-1] = tag, attributes, text + data

    def texts(self, tag: str) -> list[str]:
        return [text for found, _, text in self.found if found == tag]


def page_of(*calls: DecodedCall) -> Elements:
    return Elements("".join(session_page(calls, "a <b> file")))


def data_of(elements: Elements, name: str) -> Any:
    [text] = [text for _, attributes, text in elements.found if attributes.get("id") == f"{name}-data"]
    return json.loads(text)


def test_only_the_script_and_the_style_of_the_page_are_allowed() -> None:
    elements = page_of(decoded_call("GET /info", 200, {}))
    [policy] = [
        attributes["content"]
        for tag, attributes, _ in elements.found
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == POLICY
    scripts = [text for tag, attributes, text in elements.found if tag == "script" and not attributes]
    for texts, directive in ((scripts, "script-src"), (elements.texts("style"), "style-src")):
        [text] = texts
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in POLICY
    assert POLICY.startswith("default-src 'none';")
    assert "unsafe" not in POLICY


def test_the_script_has_nothing_that_makes_markup_or_code() -> None:
    forbidden = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "DOMParser",
                 "createContextualFragment", "srcdoc", "setAttributeNS", "javascript:", "http://",
                 "import(")  # fmt: skip
    assert [word for word in forbidden if word in SCRIPT.replace("http://www.w3.org/2000/svg", "")] == []
    assert not re.search(r"""setAttribute\(\s*["'](on|style|src|href)""", SCRIPT)
    asking = ("fetch(", "new EventSource(", "XMLHttpRequest", "WebSocket(", "sendBeacon", "Worker(")
    assert {word: SCRIPT.count(word) for word in asking if word in SCRIPT} == {
        "fetch(": 1,
        "new EventSource(": 1,
    }
    assert SCRIPT.count('new EventSource("/calls")') == 1
    assert set(re.findall(r"askServer\((?!path\))(.{6})", SCRIPT)) == {
        "`/tabs",
        "`/expl",
    }  # its own server only
    assert sorted(path.name for path in ASSETS.iterdir()) == sorted([*SCRIPTS, "page.css", "page.html"])


def test_no_name_of_the_script_is_declared_twice() -> None:
    """Its files are one script, in which the last function of a name would silently replace the others."""
    names = re.findall(r"^(?:async )?(?:function\*?|const|let|var|class) (\w+)", SCRIPT, re.MULTILINE)
    assert len(names) > 100
    assert [name for name in set(names) if names.count(name) > 1] == []


def test_markup_of_the_wire_is_text() -> None:
    hostile = decoded_call(f"GET /{HOSTILE}", 500, {"message": HOSTILE})
    hostile = replace(hostile, errors=(HOSTILE,), notes=(HOSTILE,))
    plain, attacked = page_of(decoded_call("GET /info", 500, {"message": "x"})), page_of(hostile)
    tags = [[tag for tag, _, _ in elements.found] for elements in (plain, attacked)]
    assert tags[0] == tags[1]
    [call] = data_of(attacked, "calls")
    assert call["errors"] == [HOSTILE]  # it arrives whole, as data
    text = "".join(session_page([hostile]))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text)


def test_the_table_without_script_has_every_call() -> None:
    calls = decoded_calls("run", "pull")
    elements = page_of(*calls)
    cells = elements.texts("td")
    assert len(cells) == 8 * len(calls)
    assert cells[2::8] == [call.call.operation.id for call in calls]
    failed = page_of(decoded_call("GET /containers/x/json", 404, {"message": "No such container: x"}))
    assert {"✗ 404", "No such container: x"} <= set(failed.texts("td"))


def test_the_table_without_script_ends_and_says_so() -> None:
    calls = [{"id": number, "started": 0.0} for number in range(STATIC_ROWS + 2)]
    page = "".join(document(calls, dict, {}))
    assert page.count("<tr") == 1 + STATIC_ROWS
    assert "<p>2 more calls:" in page


def test_the_size_without_data() -> None:
    assert len("".join(session_page([]))) < 120_000  # docs/page.md says so


def test_numbers_that_json_cannot_have() -> None:
    odd = decoded_call("GET /info", 200, {}, duration=float("nan"))
    odd = replace(odd, exchange=replace(odd.exchange, started=float("inf")))
    found = page_call(odd)
    assert "duration" not in found
    assert "started" not in found
    page_json(found)
    with pytest.raises(ValueError, match="not JSON compliant"):
        page_json(float("nan"))


def contents(decoded: DecodedCall, direction: str) -> list[dict[str, Any]]:
    return page_call(decoded)["streams"][direction]["content"]  # type: ignore[no-any-return]


def test_json_is_text_with_all_digits_and_its_defaults_apart() -> None:
    [section] = contents(decoded_call("GET /info", 200, {"NCPU": 2**60 + 1, "Plugins": {}}), "response")
    assert section["kind"] == "json"
    assert f'"NCPU": {2**60 + 1}' in section["text"]
    body = {
        "Image": "busybox",
        **dict.fromkeys(("Hostname", "Domainname", "User", "Entrypoint", "Labels", "Cmd")),
    }
    [create] = contents(decoded_call("POST /containers/create", 201, {"Id": "x"}, ask=body), "request")
    assert json.loads(create["text"]) == {"Image": "busybox"}
    assert json.loads(create["rest"]) == body
    assert create["hidden"] == 6


def test_each_kind_of_stream_has_its_section() -> None:
    run, pull, execs = decoded_calls("run"), decoded_calls("pull"), decoded_calls("exec")
    kinds = {
        section["kind"]
        for call in (*run, *pull, *execs)
        for stream in page_call(call)["streams"].values()
        for section in stream.get("content", ())
    }
    assert {"json", "terminal", "progress"} <= kinds


def test_output_keeps_its_escape_sequences_and_names_its_stream() -> None:
    frames = b"\x01\0\0\0\0\0\0\x09\x1b[31mred\n" + b"\x02\0\0\0\0\0\0\x04oops"
    attach = decoded_call("POST /containers/x/attach", 101, tunnel=tunnel(b"", frames))
    [section] = contents(attach, "to_client")
    assert section == {"kind": "terminal", "runs": [["stdout", "\x1b[31mred\n"], ["stderr", "oops"]]}


def test_bytes_that_are_not_text_are_lines() -> None:
    attach = decoded_call("POST /containers/x/attach", 101, tunnel=tunnel(b"", b"\xff\xfe\x00\x81" * 40))
    assert [section["kind"] for section in contents(attach, "to_client")] == ["lines"]


def test_statistics_have_times_and_figures() -> None:
    sample = {"read": "x", "memory_stats": {"usage": 5}, "cpu_stats": {}, "pids_stats": {"current": 3}}
    stats = decoded_call("GET /containers/x/stats", 200, sample)
    [section] = contents(stats, "response")
    assert section["kind"] == "stats"
    [[at, cpu, memory, *_, processes]] = section["samples"]
    assert (cpu, memory, processes) == (None, 5, 3)
    assert at >= 0


def test_a_long_stream_is_cut_and_says_so() -> None:
    long = decoded_call("GET /info", 200, {"Name": "x" * 3 * MAX_CHARACTERS, "Other": 1})
    section, cut = contents(long, "response")
    assert len(section["text"]) == MAX_CHARACTERS
    assert section["whole"] is False
    assert "apispy show -vv" in cut["text"]
    output = decoded_call("POST /containers/x/attach", 101, tunnel=tunnel(b"", b"y\n" * MAX_CHARACTERS))
    terminal, cut = contents(output, "to_client")
    assert sum(len(text) for _, text in terminal["runs"]) == MAX_CHARACTERS
    assert cut["kind"] == "cut"


def test_marks_are_bounded() -> None:
    calls = [page_call(call) for call in decoded_calls("run", "exec")]
    assert any("marks" in call for call in calls)
    assert all(len(call.get("marks", ())) <= MAX_MARKS for call in calls)
    assert all(call["marks"] == sorted(call["marks"]) for call in calls if "marks" in call)


def test_a_mark_that_is_alone_stays_beside_many() -> None:
    """An event each hour of a day, and thousands in one minute."""
    hours = [3600.0 * hour for hour in range(24)]
    times = sorted([*hours, *(45_000 + number / 100 for number in range(6000))])
    body = Body(tuple(Chunk(at, b"{}\n") for at in times), 3 * len(times))
    call = decoded_call("GET /events", 200, {})
    marks = page_call(replace(call, exchange=call.exchange.with_stream("response", body)))["marks"]
    assert set(hours) <= set(marks)
    assert len(hours) < len(marks) <= MAX_MARKS


def test_a_withheld_body_is_not_there() -> None:
    call = exchange("POST /v1.41/auth", 200, {"Status": "in"}, ask={"username": "ann", "password": "x"})
    withheld = replace(call, request=replace(call.request, body=replace(call.request.body, shown=False)))
    stream = page_call(replace(decoded_call("POST /v1.41/auth", 200), exchange=withheld))["streams"][
        "request"
    ]
    assert stream["withheld"] is True
    assert "content" not in stream


def test_a_build_has_the_runs_of_its_steps() -> None:
    vertex = {"digest": "a", "name": "[1/1] RUN make", "started": 10.0, "completed": 12.5}
    value = {"stream": 1, "method": "/moby.buildkit.v1.Control/Status", "part": "response",
             "message": {"vertexes": [vertex]}}  # fmt: skip
    item = Item("h2c", "DATA", {"stream": 1}, (0, 1), (Item("message", "", value, (0, 1)),))
    [step] = page_call(replace(decoded_call("POST /grpc", 101), items={"to_client": (item,)}))["build"][
        "steps"
    ]
    assert step == {"name": "[1/1] RUN make", "cached": False, "error": "", "runs": [[10.0, 12.5]]}


def test_a_create_has_its_docker_command() -> None:
    create = decoded_call("POST /containers/create?name=web", 201, {"Id": "x"}, ask={"Image": "busybox"})
    [call] = data_of(page_of(create), "calls")
    assert call["docker"] == "docker create --name web busybox"
    assert call["curl"].startswith("curl -sS")


def test_the_tabs_are_there_also_without_calls() -> None:
    for calls in ([], decoded_calls("run")):
        tabs = data_of(page_of(*calls), "tabs")
        assert tabs.keys() == {"story", "statistics", "permissions", "coverage"}
        assert all(tabs[name]["lines"] for name in ("story", "permissions", "coverage"))


def test_two_sessions_are_compared() -> None:
    samples = Path(__file__).parents[3] / "samples"
    page = Elements(make_page(samples / "ps-tcp.jsonl", compared=samples / "ps-unix.jsonl").decode())
    [first, second, *_] = data_of(page, "tabs")["comparison"]["lines"]
    assert "ps-unix.jsonl" in first[0]
    assert "ps-tcp.jsonl" in second[0]


def test_every_tag_of_the_engine_has_a_colour_of_its_own_or_the_last() -> None:
    tags = re.search(r"const TAGS = (\[.*?\]);", SCRIPT)
    assert tags is not None
    known = json.loads(tags[1])
    assert set(known) <= {operation.tag for operation in BY_ID.values()}
    assert all(STYLE.count(f"--tag-{place}:") >= 3 for place in range(len(known)))


def test_the_title_is_text() -> None:
    assert page_of().texts("title") == ["a <b> file - apispy"]
    assert html.escape("a <b> file") in "".join(session_page([], "a <b> file"))


def test_notices_are_on_the_page_and_in_the_table_without_script() -> None:
    page = "".join(session_page([decoded_call("GET /info", 200, {})], notices=[(1.5, HOSTILE), (2.5, "two")]))
    elements = Elements(page)
    assert data_of(elements, "notices") == [{"at": 1.5, "text": HOSTILE}, {"at": 2.5, "text": "two"}]
    first, second = elements.texts("li")
    assert "</script><script>alert(1)</script><img" in first
    assert "\\e[31m\\u202e" in first
    assert second == "00:00:02.500 two"
    assert page.count("<img") == 0
    assert "<h2>Notices" not in "".join(session_page([]))


def test_the_last_notices_are_on_the_page_and_the_others_counted() -> None:
    notices = [(float(number), f"notice {number}") for number in range(MAX_NOTICES + 3)]
    found = data_of(Elements("".join(session_page([], notices=notices))), "notices")
    assert len(found) == MAX_NOTICES + 1
    assert found[0]["text"].startswith("3 earlier notices ")
    assert found[1] == {"at": 3.0, "text": "notice 3"}


def test_notices_of_a_capture_are_on_the_page_with_their_secrets_hidden(tmp_path: Path) -> None:
    lines = [
        Header("0", 1.0, False, "unix:///s", 1 << 20, {}),
        exchange("POST /v1.41/auth", 200, {}, ask={"username": "u", "password": "c2VjcmV0LXRva2Vu"}),
        Notice(3.5, "connection 1: the daemon <b> sent c2VjcmV0LXRva2Vu"),
    ]
    (tmp_path / "c.jsonl").write_bytes(b"".join(map(encode_line, lines)) + b'{"not": ')
    found = data_of(Elements(make_page(tmp_path / "c.jsonl").decode()), "notices")
    assert found[0]["at"] == 3.5
    assert "the daemon <b> sent" in found[0]["text"]
    assert "c2VjcmV0" not in found[0]["text"]
    assert "c.jsonl, line 4" in found[1]["text"]  # of the file itself


def test_a_served_page_asks_and_a_file_does_not() -> None:
    assert data_of(Elements("".join(session_page([]))), "about")["served"] is False
    assert data_of(Elements("".join(session_page([], served=True))), "about")["served"] is True
