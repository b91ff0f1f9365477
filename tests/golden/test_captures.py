"""What is shown of a capture is what was shown live, byte for byte."""

from itertools import product
from pathlib import Path

import pytest
from sessions import SESSIONS, Wire
from test_golden import VIEWS, redactor, render

from apispy.capture import CaptureFiles, Header, Notice
from apispy.capture.playback import play
from apispy.outputs.capture import CaptureOutput
from apispy.pipeline import Pipeline

HEADER = Header("0.1.0", 1.0)


def captured(session: str, path: Path) -> None:
    wire = Wire()
    SESSIONS[session](wire)
    capture = CaptureOutput(CaptureFiles(path), pytest.fail)
    capture.begin(HEADER)
    pipeline = Pipeline([capture], redactor=redactor(), clock=lambda: wire.now + 20)
    for event in wire.events:
        pipeline.feed(event)
    pipeline.close()
    assert capture.complete


def played(path: Path, view: str) -> str:
    texts: list[str] = []
    pipeline = Pipeline([VIEWS[view](texts.append)])
    for happening in play(path, on_error=pytest.fail, warn=pytest.fail):
        if isinstance(happening, Notice):
            pipeline.notice(happening.text, happening.at)
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
