"""The coverage of Docker's API by calls."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import click.testing
import pytest

from apispy.cli.proxy import proxy
from apispy.engine.operations import DOCUMENTED
from apispy.engine.versions import VERSIONS
from apispy.errors import UsageError
from apispy.learn import NameRegistry
from apispy.learn.coverage import Coverage, Report, html_page, markdown_lines, report_json, report_lines
from apispy.learn.coverage.as_text import names_of, percent
from apispy.learn.coverage.report import ASPECTS, OperationCoverage
from apispy.model import Exchange
from apispy.pipeline import read
from tests.recorded_calls import call

ROOT = Path(__file__).parents[4]
SAMPLE = str(ROOT / "samples/compose2.jsonl")


def coverage_of(*exchanges: Exchange) -> Coverage:
    coverage, names = Coverage(), NameRegistry()
    for exchange in exchanges:
        coverage.add(read(exchange, names, notes="off"))
    return coverage


def row_of(operation: str, *exchanges: Exchange, version: str | None = None) -> OperationCoverage:
    report = Report.of(coverage_of(*exchanges), version)
    return next(row for row in report.rows if row.operation.id == operation)


def run(*words: str) -> click.testing.Result:
    return click.testing.CliRunner().invoke(proxy, ["coverage", *words], standalone_mode=False)


def test_parameters_of_query_and_headers_and_statuses() -> None:
    row = row_of("ContainerList", call(1, "GET", "/v1.41/containers/json?all=1&nosuch=1", [], status=400))
    assert (row.parameters.covered, row.parameters.missing) == (
        ("query all",),
        ("query limit", "query size", "query filters"),
    )
    assert (row.statuses.covered, row.statuses.missing) == (("400",), ("200",))  # no client can cause a 500
    auth = (("X-Registry-Auth", "e30="),)
    row = row_of("ImageCreate", call(1, "POST", "/v1.41/images/create?fromImage=x", fields=auth))
    assert row.parameters.covered == ("query fromImage", "header X-Registry-Auth")


def test_a_field_is_covered_if_it_is_set() -> None:
    body = {
        "Image": "x",
        "Tty": False,
        "Cmd": None,
        "hostconfig": {"Mounts": [{"Type": "bind"}], "CapAdd": []},
    }
    row = row_of("ContainerCreate", call(1, "POST", "/v1.41/containers/create", asks=body))
    assert row.fields.covered == ("Image", "HostConfig", "HostConfig.Mounts", "HostConfig.Mounts[].Type")
    assert "Tty" in row.fields.missing


def test_a_redacted_value_covers_its_field() -> None:
    body = {"Env": ["PASSWORD=hunter2"], "Labels": {"a": "b"}}
    row = row_of("ContainerCreate", call(1, "POST", "/v1.41/containers/create", asks=body))
    assert {"Env", "Labels"} <= set(row.fields.covered)


def test_the_version_is_the_one_that_most_calls_name() -> None:
    coverage = coverage_of(
        call(1, "GET", "/v1.41/info", {}),
        call(2, "GET", "/v1.9/info", {}),
        call(3, "GET", "/v1.41/info", {}),
        call(4, "GET", "/_ping"),
        call(5, "GET", "/v9.99/info"),
    )
    assert coverage.main_version == "1.41"
    assert coverage_of(call(1, "GET", "/v1.9/info"), call(2, "GET", "/v1.41/info")).main_version == "1.41"
    assert coverage_of(call(1, "GET", "/_ping")).main_version == VERSIONS[-1]
    assert Report.of(coverage, "1.30").version == "1.30"


def test_operations_that_the_version_lacks_are_listed_apart() -> None:
    calls = [call(1, "POST", "/grpc"), call(2, "GET", "/v1.24/networks", []), call(3, "GET", "/nosuch")]
    report = Report.of(coverage_of(*calls), "1.20")
    assert report.beyond == [("Grpc", 1), ("NetworkList", 1)]
    assert report.unknown == 1
    assert report.covered == []


@pytest.mark.parametrize("version", ["1.12", "1.25", "1.41", VERSIONS[-1]])
def test_every_documented_operation_has_a_row_and_the_numbers_add_up(version: str) -> None:
    report = Report.of(coverage_of(call(1, "GET", "/v1.41/containers/json?all=1", [])), version)
    assert [row.operation for row in report.rows] == [one for one in DOCUMENTED if one.exists_in(version)]
    *tags, total = report.tallies
    for index in (0, 1):
        assert total.operations[index] == sum(tally.operations[index] for tally in tags)
        for aspect in ASPECTS:
            assert total.aspects[aspect][index] == sum(tally.aspects[aspect][index] for tally in tags)


def test_more_calls_never_lower_the_coverage() -> None:
    calls = [
        call(1, "GET", "/v1.41/containers/json?all=1", []),
        call(2, "POST", "/v1.41/containers/create", asks={"Image": "x"}, status=201),
        call(3, "GET", "/v1.41/containers/a1/json", status=404),
    ]
    before: set[Any] = set()
    for count in range(1, 4):
        now = {
            (row.operation.id, aspect, name)
            for row in Report.of(coverage_of(*calls[:count]), "1.41").rows
            for aspect in ASPECTS
            for name in row.part(aspect).covered
        }
        assert now > before
        before = now


def test_only_all_is_all_and_only_nothing_is_nothing() -> None:
    assert [percent(*pair) for pair in ((0, 9), (1, 999), (998, 999), (9, 9), (1, 2), (0, 0))] == [
        "0 %", "1 %", "99 %", "100 %", "50 %", "0 %",
    ]  # fmt: skip


def test_fields_inside_of_missing_fields_are_not_listed() -> None:
    assert names_of(("A", "A.B", "A[].C", "AB", "query x")) == "A, AB, x"


def test_fail_under() -> None:
    assert run("--fail-under", "13", SAMPLE).return_value == 0
    found = run("--fail-under", "13.5", SAMPLE)
    assert found.return_value == 1
    assert "coverage of 13.1 % is under 13.5 % (--fail-under)" in found.output


def test_a_baseline_names_what_is_covered_since_and_no_longer(tmp_path: Path) -> None:
    earlier = tmp_path / "earlier.json"
    earlier.write_text(run("--json", str(ROOT / "samples/run.jsonl")).output)
    found = run("--json", "--api", "1.41", "--baseline", str(earlier), SAMPLE)
    report = json.loads(found.output)
    assert report["lost"] == ["ContainerAttach", "ContainerWait"]
    assert "ExecStart" in report["gained"]
    assert found.return_value == 1
    assert run("--baseline", str(earlier), str(ROOT / "samples/run.jsonl")).return_value == 0


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"api": "1.41", "operations": [3]}', "[" * 100_000])
def test_a_file_that_is_no_report_is_refused_as_a_baseline(content: str, tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text(content)
    error = run("--baseline", str(tmp_path / "b.json"), SAMPLE).exception
    assert isinstance(error, UsageError)
    assert "b.json: " in str(error)
    assert "expected what `apispy coverage --json` wrote" in str(error)


def test_markdown_is_one_table_for_each_list() -> None:
    report = Report.of(coverage_of(call(1, "GET", "/v1.41/info", {})))
    lines = markdown_lines(report)
    table = [line for line in lines if line.startswith("|")]
    assert {line.count("|") for line in table} == {7, 3}
    assert lines[0].startswith("### API 1.41: 1 % of the operations, 1 call")


class Balanced(HTMLParser):
    """Checks that each tag is closed, and that nothing is loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.titles: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not {"src", "href"} & dict(attrs).keys()
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "b":
            self.titles.append(data)


def test_the_page_has_every_operation_and_is_balanced() -> None:
    report = Report.of(coverage_of(call(1, "GET", "/v1.41/info", {}), call(2, "GET", "/<script>")))
    page, parser = html_page(report), Balanced()
    parser.feed(page)
    assert parser.open == []
    assert set(parser.titles) == {row.operation.id for row in report.rows}
    assert "<script" not in page


def test_text_of_clients_is_in_no_output() -> None:
    hostile = "\x1b]0;x\x07<b>"
    body = {hostile: 1, "Labels": {hostile: hostile}, "HostConfig": {hostile: hostile}}
    report = Report.of(
        coverage_of(
            call(1, "POST", f"/v1.41/containers/create?{hostile}=1", asks=body),
            call(2, hostile, f"/v1.{hostile}/{hostile}", fields=((hostile, hostile),)),
        )
    )
    text = json.dumps(report_json(report)) + html_page(report) + "".join(markdown_lines(report))
    text += "".join(line.text for line in report_lines(report, 80, verbose=True))
    assert "0;x" not in text
