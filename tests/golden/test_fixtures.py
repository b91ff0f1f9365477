"""The fixtures that the sessions become (``make golden`` rewrites fixtures/), and no secret in any."""

import json
from pathlib import Path

import jsonschema
import pytest
from planted_secrets import PLACES, RULES
from sessions import SECRET_PARTS, SESSIONS, Wire
from test_planted import CORE, codings, wire_of

from apispy.capture.fixture import parse, read_document
from apispy.fixtures import SessionInfo, encode_document, tidy
from apispy.fixtures.check import check, schema
from apispy.model import Exchange
from apispy.redaction import Policy
from apispy.redaction import parse as parse_rules
from apispy.tap.events import Closed

GOLDEN = Path(__file__).parent / "fixtures"

SCHEMA = jsonschema.Draft202012Validator(schema())


def exchanges(wire: Wire) -> list[Exchange]:
    return [event.exchange for event in wire.events if isinstance(event, Closed)]


def session(name: str) -> list[Exchange]:
    wire = Wire()
    SESSIONS[name](wire)
    return exchanges(wire)


@pytest.mark.parametrize("name", SESSIONS)
def test_a_session_as_a_fixture(name: str, request: pytest.FixtureRequest) -> None:
    document = tidy(session(name), SessionInfo({"version": "20.10.24", "date": "today"}))
    text = encode_document(document)
    file = GOLDEN / f"{name}.json"
    if request.config.getoption("--rewrite-golden"):
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(text)
    assert text == file.read_bytes(), "run `make golden`, and read the difference"
    SCHEMA.validate(document)
    assert not [part for part in SECRET_PARTS if part.encode() in text]
    read = read_document(parse(text), 1_800_000_000)
    about = SessionInfo(document["daemon"], tuple(document["clients"]))
    assert encode_document(tidy(read, about)) == text
    assert not [
        one for one in check(document, read, about) if one.fails and "cannot be played" not in one.text
    ]


@pytest.mark.parametrize("place", PLACES)
def test_no_secret_gets_into_a_fixture(place: str) -> None:
    document = tidy(exchanges(wire_of(place)), policy=Policy(rules=parse_rules(RULES)))
    text = encode_document(document).decode()
    assert not [form for form in codings(CORE) if form in text or form in json.dumps(document)]
