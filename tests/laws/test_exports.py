"""The laws of the exporters, over their register: total, valid in their format, and nothing breaks out of its place."""

import ast
import csv
import io
import json
import re
import subprocess
from html.parser import HTMLParser
from typing import Any

import pytest
from exchange_strategies import exchanges, sessions
from hypothesis import HealthCheck, given, settings
from markdown_it import MarkdownIt
from mitmproxy.io import FlowReader
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from otlp_reader import request_of, spans_of
from pcapng_reader import streams
from trace_checker import checked

from apispy.learn import NameRegistry
from apispy.model import Exchange
from apispy.outputs import DecodedCall
from apispy.outputs.exports import EXPORTERS
from apispy.outputs.exports.columns import COLUMNS
from apispy.outputs.exports.http_bytes import pieces
from apispy.outputs.exports.otlp_protobuf import encode
from apispy.pipeline import read
from apispy.redaction import Policy, Redactor
from tests.golden.exported import exported

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

quickly = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def readings(calls: list[Exchange]) -> list[DecodedCall]:
    memory = NameRegistry()
    redactor = Redactor(Policy(show_secrets=True))
    return [read(call, memory, redactor=redactor) for call in calls]


@pytest.mark.parametrize("name", sorted(EXPORTERS))
@quickly
@given(calls=sessions)
def test_total_and_text_cannot_drive_a_terminal(name: str, calls: list[Exchange]) -> None:
    data = exported(name, readings(calls))
    assert EXPORTERS[name].binary or not CONTROL.findall(data.decode())


@quickly
@given(calls=sessions)
def test_csv_and_ndjson_are_the_same_table(calls: list[Exchange]) -> None:
    rows = list(csv.DictReader(io.StringIO(exported("csv", readings(calls)).decode()), strict=True))
    lines = [json.loads(line) for line in exported("ndjson", readings(calls)).splitlines()]
    assert len(rows) == len(lines) == len(calls)
    for row, line in zip(rows, lines, strict=True):
        assert list(row) == list(line) == [column.name for column in COLUMNS]
        for column in COLUMNS:
            assert fits(line[column.name], column.kind)
            if column.kind != "text":
                assert row[column.name] == ("" if line[column.name] is None else str(line[column.name]))
            assert not row[column.name].lstrip().startswith(("=", "+", "-", "@"))


def fits(value: Any, kind: str) -> bool:
    types = {"text": str, "integer": int, "number": int | float}
    return value is None or isinstance(value, types[kind])


@quickly
@given(calls=sessions)
def test_har_has_what_the_standard_wants(calls: list[Exchange]) -> None:
    log = json.loads(exported("har", readings(calls)))["log"]
    assert log["version"] == "1.2"
    assert len(log["entries"]) == len(calls)
    for entry in log["entries"]:
        known = [value for value in entry["timings"].values() if value != -1]
        assert min(known) >= 0
        assert entry["time"] == pytest.approx(sum(known), abs=0.01)
        assert {
            "method",
            "url",
            "httpVersion",
            "cookies",
            "headers",
            "queryString",
            "headersSize",
            "bodySize",
        } <= set(entry["request"])
        assert {"status", "statusText", "content", "redirectURL", "headersSize", "bodySize"} <= set(
            entry["response"]
        )
        assert isinstance(entry["response"]["content"]["mimeType"], str)


@quickly
@given(calls=sessions)
def test_packets_fit_together(calls: list[Exchange]) -> None:
    streams(exported("pcapng", readings(calls)))


@quickly
@given(call=exchanges)
def test_packets_carry_what_was_said(call: Exchange) -> None:
    found = streams(exported("pcapng", readings([call])))
    for (_, target), stream in found.items():
        said = [
            data for _, by_client, data in pieces(call) if by_client == (target[4:] == (2375).to_bytes(2))
        ]
        until = said.index(b"") if b"" in said else len(said)
        assert stream.data == b"".join(said[:until])


@quickly
@given(calls=sessions)
def test_flows_are_read_by_mitmproxy(calls: list[Exchange]) -> None:
    flows = list(FlowReader(io.BytesIO(exported("flow", readings(calls)))).stream())
    assert len([flow for flow in flows if flow.type == "http"]) == len(calls)


@pytest.mark.parametrize("name", ["python", "python-requests"])
@quickly
@given(calls=sessions)
def test_python_is_python_and_only_calls(name: str, calls: list[Exchange]) -> None:
    tree = ast.parse(exported(name, readings(calls)))
    empty = ast.parse(exported(name, []))
    steps = tree.body[len(empty.body) :]
    assert len(steps) <= len(calls)
    for step in steps:
        assert isinstance(step, ast.Expr | ast.Assign)
        made = [node.func for node in ast.walk(step) if isinstance(node, ast.Call)]
        names = {node.id if isinstance(node, ast.Name) else node.attr for node in made}  # type: ignore[attr-defined]
        assert names <= {"call", "background", "id_in", "float", "b64decode"}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(calls=sessions)
def test_a_script_only_calls_curl(calls: list[Exchange], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Run where curl only notes that it was called, nothing else may happen."""
    where = tmp_path_factory.mktemp("sh")
    fake = "curl() { printf '%s' x >>curls; }; sleep() { :; }\n"
    text = exported("curl", readings(calls)).decode()
    done = subprocess.run(
        ["sh", "-c", fake + text], cwd=where, capture_output=True, timeout=30, stdin=subprocess.DEVNULL
    )
    assert done.stderr == b""
    assert {path.name for path in where.iterdir()} <= {"curls"}


@quickly
@given(calls=sessions)
def test_nothing_breaks_out_of_markdown(calls: list[Exchange]) -> None:
    text = exported("markdown", readings(calls)).decode()
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    kinds = [token.type for token in tokens]
    assert kinds.count("heading_open") == 2
    assert kinds.count("tr_open") == 1 + len(calls)
    assert kinds.count("td_open") == 6 * len(calls)
    raw = [token.content for token in tokens if token.type == "html_block"]
    assert sum(block.count("<details>") for block in raw) == len(calls)
    assert all(
        re.fullmatch(r"<details><summary><code>[^<]*</code></summary>\n|</details>\n*", block)
        for block in raw
    )
    inner = {child.type for token in tokens for child in token.children or ()}
    assert inner <= {"text", "code_inline", "softbreak"}


class Tags(HTMLParser):
    """The tags of a page, and the data of its script elements."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag in ("tr", "td"):
            self.attributes |= {f"{name}={value}" for name, value in attrs}
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            self.scripts[-1] += data


@quickly
@given(calls=sessions)
def test_nothing_breaks_out_of_html(calls: list[Exchange]) -> None:
    page, empty = Tags(), Tags()
    page.feed(exported("html", readings(calls)).decode())
    empty.feed(exported("html", []).decode())
    assert [tag for tag in page.tags if tag not in ("tr", "td")] == [tag for tag in empty.tags if tag != "tr"]
    assert page.tags.count("tr") == 1 + len(calls)
    assert page.tags.count("td") == 8 * len(calls)
    assert page.attributes <= {"class=failed"}
    _, data, tabs, notices, script = page.scripts
    assert [call["id"] for call in json.loads(data)] == [call.id for call in calls]
    assert json.loads(tabs).keys() == json.loads(empty.scripts[2]).keys()
    assert notices == "[]"
    assert script == empty.scripts[4]


@quickly
@given(call=exchanges)
def test_the_pieces_of_an_exchange_come_in_the_order_of_time(call: Exchange) -> None:
    times = [at for at, _, _ in pieces(call)]
    assert times == sorted(times)


@quickly
@given(calls=sessions)
def test_a_trace_is_drawn_as_it_was(calls: list[Exchange]) -> None:
    """Calls of one thread never overlap in part, arrows join calls, and everything has a named track."""
    events = checked(exported("perfetto", readings(calls)))
    assert [event["args"]["id"] for event in events if event["ph"] == "X" and "id" in event["args"]] == [
        call.id for call in calls
    ]


@quickly
@given(calls=sessions)
def test_spans_are_read_by_opentelemetry(calls: list[Exchange]) -> None:
    text = exported("otlp-json", readings(calls))
    assert ExportTraceServiceRequest.FromString(encode("Traces", json.loads(text))) == request_of(text)
    spans = spans_of(text)
    assert len(spans) == len(calls)
    for span in spans:
        assert span.name
        assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano
