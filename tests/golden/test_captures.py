"""What is shown of a capture is what was shown live, byte for byte."""

import json
from importlib.resources import files
from itertools import product
from pathlib import Path

import jsonschema
import pytest
from sessions import SECRET_PARTS, SESSIONS, Wire
from test_golden import VIEWS, redactor, render

from apispy.capture import Header, Notice, Writer
from apispy.capture.player import play
from apispy.outputs.capture import Capture
from apispy.pipeline import Pipeline

HEADER = Header("0.1.0", 1.0)


def captured(session: str, path: Path) -> None:
    wire = Wire()
    SESSIONS[session](wire)
    capture = Capture(Writer(path), pytest.fail, clock=lambda: 0.0)
    capture.begin(HEADER)
    pipeline = Pipeline([capture], redactor=redactor(), clock=lambda: wire.now + 20)
    for event in wire.events:
        pipeline.feed(event)
    pipeline.close()
    assert capture.whole


SCHEMA = jsonschema.Draft202012Validator(
    json.loads(files("apispy.capture").joinpath("schema.json").read_text())
)


@pytest.mark.parametrize("session", SESSIONS)
def test_every_line_is_as_the_schema_has_it_and_holds_no_secret(session: str, tmp_path: Path) -> None:
    captured(session, tmp_path / "a.jsonl")
    text = (tmp_path / "a.jsonl").read_text("ascii")
    for line in text.splitlines():
        SCHEMA.validate(json.loads(line))
    assert not [part for part in SECRET_PARTS if part in text]


def test_the_schema_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    captured("ps", tmp_path / "a.jsonl")
    line = json.loads((tmp_path / "a.jsonl").read_text().splitlines()[1])
    for change in ({"more": 1}, {"started": "now"}, {"request": {}}, {"end": "soon"}):
        assert not SCHEMA.is_valid(line | change)


def played(path: Path, view: str) -> str:
    texts: list[str] = []
    pipeline = Pipeline([VIEWS[view](texts.append)])
    for happening in play(path, fault=pytest.fail, say=pytest.fail):
        if isinstance(happening, Notice):
            pipeline.notice(happening.text)
        elif not isinstance(happening, Header):
            pipeline.feed(happening)
    pipeline.close()
    return "".join(texts)


# The pipeline does not keep the bytes of what is open when it is closed. The proxy ends its connections before.
PAIRS = [pair for pair in product(SESSIONS, VIEWS) if pair != ("unfinished", "console-vvv")]


@pytest.mark.parametrize(("session", "view"), PAIRS)
def test_played_as_live(session: str, view: str, tmp_path: Path) -> None:
    captured(session, tmp_path / "a.jsonl")
    assert played(tmp_path / "a.jsonl", view) == render(session, view)
