"""What captures teach, compared with the files in learned/ (``make golden`` rewrites them)."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from learned_sessions import FILES, NAMES, SAMPLES, learned_calls

from apispy.app.call_reports import CALL_REPORTS
from apispy.app.reports_output import ReportsOutput
from apispy.capture import Header, Notice
from apispy.capture.playback import play
from apispy.learn.coverage import Coverage, Report, report_lines
from apispy.learn.drift import Drift, drift_lines
from apispy.learn.permissions import TARGETS, Usage, usage_lines, write_rules
from apispy.learn.story import Story, story_lines
from apispy.outputs.escaping import escape
from apispy.pipeline import Pipeline
from apispy.redaction import Policy, Redactor

EXPECTED = Path(__file__).parent / "learned"
WIDTH = 100


def permissions(name: str) -> str:
    """The list, then the rules of every target."""
    usage = Usage()
    for decoded in learned_calls(name):
        usage.add(decoded)
    lines = [line.text for line in usage_lines(usage, WIDTH)]
    for target in TARGETS.values():
        lines += ["", f"==> {target.name} <==", *write_rules(target, usage)]
    return _text(lines)


def coverage(name: str) -> str:
    """The report, with what the covered operations miss."""
    found = Coverage()
    for decoded in learned_calls(name):
        found.add(decoded)
    return _text(line.text for line in report_lines(Report.of(found), WIDTH, verbose=True))


def story(name: str) -> str:
    found = Story()
    for decoded in learned_calls(name):
        found.add(decoded)
    return _text(line.text for line in story_lines(found, WIDTH))


def drift(name: str) -> str:
    found = Drift()
    for decoded in learned_calls(name):
        found.add(decoded)
    return _text(line.text for line in drift_lines(found, WIDTH))


def live(name: str) -> str:
    """What a proxy with all options for reports prints when the calls of the session have passed."""
    text: list[str] = []
    output = ReportsOutput(
        CALL_REPORTS, text.append, as_json=False, color=False, columns=WIDTH, no_calls="none"
    )
    pipeline = Pipeline([output], redactor=Redactor(Policy(show_secrets=True)), notes="off")  # it is redacted
    for item in play(SAMPLES / FILES[name], on_error=pytest.fail, warn=pytest.fail):
        if not isinstance(item, Header | Notice):
            pipeline.feed(item)
    pipeline.close()
    return "".join(text)


@pytest.mark.parametrize("name", [name for name in FILES if FILES[name].endswith(".jsonl")])
def test_a_live_session_is_reported_as_its_capture_is(name: str) -> None:
    reports = []
    for report in CALL_REPORTS.values():
        parts = report.load()
        collector = parts.collector()
        for decoded in learned_calls(name):
            collector.add(decoded)
        reports.append(_text(line.text for line in parts.lines(collector, WIDTH)))
    assert live(name) == "\n".join(reports)


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{escape(line)}\n" for line in lines)


VIEWS: dict[str, Callable[[str], str]] = {
    "permissions": permissions,
    "coverage": coverage,
    "story": story,
    "drift": drift,
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", NAMES)
def test_golden(name: str, view: str, expect: Callable[[Path, str], None]) -> None:
    expect(EXPECTED / f"{name}.{view}.txt", VIEWS[view](name))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", NAMES)
def test_no_secret_is_shown(name: str, view: str) -> None:
    assert "hush" not in VIEWS[view](name)  # all secrets of the samples begin so


def test_no_expected_file_is_left_over() -> None:
    assert {path.name for path in EXPECTED.iterdir()} == {
        f"{name}.{view}.txt" for name in NAMES for view in VIEWS
    }
