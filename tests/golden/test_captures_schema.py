"""Every line of a capture is as apispy/capture/schema.json has it."""

import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from sessions import SECRET_PARTS, SESSIONS
from test_captures import captured

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
