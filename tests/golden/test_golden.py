"""The text of every output for every session, compared with the files in expected/ (``make golden`` rewrites them)."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sessions import SECRET_PARTS, SESSIONS, Wire

from apispy.outputs import Console, JsonLines, Output, Stats, Summary, Target
from apispy.outputs.curl import curl
from apispy.outputs.json_log import JsonLog
from apispy.pipeline import Pipeline
from apispy.redaction import Policy, Redactor
from apispy.redaction.tokens import Tokens

EXPECTED = Path(__file__).parent / "expected"

DAEMON = Target("", "https://127.0.0.1:2376", "/c d/ca.pem", "/c d/cert.pem", "/c d/key.pem")

VIEWS: dict[str, Callable[[Callable[[str], None]], Output]] = {
    "console": Console,
    "console-80": lambda write: Console(write, columns=lambda: 80),
    "console-v": lambda write: Console(write, verbosity=1),
    "console-vv": lambda write: Console(write, verbosity=2),
    "console-vvv": lambda write: Console(write, verbosity=3),
    "console-curl": lambda write: Console(write, curl=lambda reading: curl(reading, DAEMON)),
    "json": JsonLines,
    "json-vv": lambda write: JsonLines(write, verbosity=2),
    "log": lambda write: JsonLog(write, clock=lambda: 1.0),
    "summary": Summary,
    "stats": Stats,
    "stats-json": lambda write: Stats(write, as_json=True),
}

CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


pytestmark = pytest.mark.usefixtures("utc")


def redactor() -> Redactor:
    """A redactor whose tokens are the same in every run."""
    return Redactor(tokens=Tokens(b"the same in every run"))


def render(session: str, view: str) -> str:
    wire = Wire()
    SESSIONS[session](wire)
    texts: list[str] = []
    pipeline = Pipeline([VIEWS[view](texts.append)], redactor=redactor(), clock=lambda: wire.now + 20)
    for event in wire.events:
        pipeline.feed(event)
    pipeline.close()
    return "".join(texts)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("session", SESSIONS)
def test_golden(session: str, view: str, expect: Callable[[Path, str], None]) -> None:
    expect(EXPECTED / f"{session}.{view}.txt", render(session, view))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("session", SESSIONS)
def test_no_secret_and_no_control_character(session: str, view: str) -> None:
    text = render(session, view)
    assert not [part for part in SECRET_PARTS if part in text]
    assert not CONTROL.findall(text)


def test_the_secrets_are_planted() -> None:
    """Check that the test above can fail: the secrets are there on request."""
    wire = Wire()
    for session in SESSIONS.values():
        session(wire)
    texts: list[str] = []
    pipeline = Pipeline([Console(texts.append, verbosity=3)], redactor=Redactor(Policy(show_secrets=True)))
    for event in wire.events:
        pipeline.feed(event)
    pipeline.close()
    assert [part for part in SECRET_PARTS if part not in "".join(texts)] == []


def test_no_expected_file_is_left_over() -> None:
    known = {f"{session}.{view}.txt" for session in SESSIONS for view in VIEWS}
    assert {path.name for path in EXPECTED.iterdir()} <= known
