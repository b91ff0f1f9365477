"""Whatever comes over the wire: what is shown of it cannot drive a terminal, and no call can look like another."""

import io
import re
from collections.abc import Callable
from contextlib import redirect_stdout

import pytest
from exchange_strategies import sessions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apispy.app.messages import print_lines
from apispy.capture.events import tap_events
from apispy.learn import NameRegistry
from apispy.learn.diff import compare_captures
from apispy.learn.diff.as_text import diff_lines
from apispy.model import Exchange
from apispy.outputs import Console, JsonLines, Output, Stats, Summary, Target
from apispy.outputs.curl import curl
from apispy.outputs.json_log import JsonLog
from apispy.pipeline import Pipeline, read
from apispy.redaction import Policy, Redactor

HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
COLOUR = re.compile("\x1b\\[[0-9;]*m")
BEGINNING = re.compile(r"\d\d:\d\d:\d\d\.\d{3} |    |apispy: |  ?[>|<]|[ \t]|$|connection ")
"""What a line of the console may begin with: a call's time, or the indentation of what belongs to one."""

DAEMON = Target("", "https://127.0.0.1:2376", "/ca.pem", "/cert.pem", "/key.pem")

VIEWS: dict[str, Callable[[Callable[[str], None]], Output]] = {
    **{f"console-{n}": lambda write, n=n: Console(write, verbosity=n) for n in range(4)},  # type: ignore[misc]
    "console-80": lambda write: Console(write, verbosity=3, columns=lambda: 80),
    "console-curl": lambda write: Console(write, curl=lambda reading: curl(reading, DAEMON)),
    "console-colour": lambda write: Console(write, verbosity=3, color=True),
    **{f"json-{n}": lambda write, n=n: JsonLines(write, verbosity=n) for n in range(3)},  # type: ignore[misc]
    "log": lambda write: JsonLog(write, clock=lambda: 1.0),
    "summary": Summary,
    "stats": Stats,
    "stats-json": lambda write: Stats(write, as_json=True),
}

quickly = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def shown(view: str, calls: list[Exchange], notice: str = "") -> str:
    """What a view makes of *calls* with nothing hidden in them."""
    texts: list[str] = []
    pipeline = Pipeline([VIEWS[view](texts.append)], redactor=Redactor(Policy(show_secrets=True)))
    for call in calls:
        for _, event in tap_events(call):
            pipeline.feed(event)
    if notice:
        pipeline.notice(notice)
    pipeline.close()
    return "".join(texts)


@pytest.mark.parametrize("view", sorted(VIEWS))
@quickly
@given(calls=sessions, notice=st.text(max_size=20))
def test_no_view_can_drive_a_terminal(view: str, calls: list[Exchange], notice: str) -> None:
    text = shown(view, calls, notice)
    if view == "console-colour":
        text = COLOUR.sub("", text)
    assert not HIDDEN.findall(text)


@pytest.mark.parametrize("view", ["console-0", "console-1", "console-2"])
@quickly
@given(calls=sessions)
def test_no_call_makes_a_line_that_looks_like_another_ones(view: str, calls: list[Exchange]) -> None:
    text = shown(view, calls)
    begun = re.findall(r"(?m)^\d\d:\d\d:\d\d\.\d{3} ", text)
    assert len(begun) <= 2 * len(calls)  # a call that stays open has a line at its beginning too
    assert all(BEGINNING.match(line) for line in text.splitlines())


@quickly
@given(one=sessions, other=sessions)
def test_nor_can_a_difference(one: list[Exchange], other: list[Exchange]) -> None:
    redactor = Redactor(Policy(show_secrets=True))
    readings = [[read(call, NameRegistry(), redactor=redactor) for call in calls] for calls in (one, other)]
    found = compare_captures(*readings, values=True)
    for width in (40, 200):
        with redirect_stdout(io.StringIO()) as printed:
            print_lines(diff_lines(found, width), color=False)
        assert not HIDDEN.findall(printed.getvalue())
