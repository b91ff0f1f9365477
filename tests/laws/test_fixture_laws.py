"""Laws of fixtures: any capture becomes one, tidying again changes nothing, and any file is read or refused."""

import json
from pathlib import Path

import jsonschema
import pytest
from capture_strategies import EXCHANGES, JSON_BODIES, places
from exchange_strategies import exchanges as typical
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apispy.capture import CaptureError, play, read
from apispy.capture.fixture import parse, placeholders, read_document
from apispy.fixtures import SessionInfo, encode_document, tidy
from apispy.fixtures.check import schema
from apispy.model import Body, Chunk, Exchange, Request, Response
from apispy.redaction import Redactor

SLOW = settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=30)

BASES = st.integers(1_500_000_000, 2_000_000_000)

SCHEMA = jsonschema.Draft202012Validator(schema())

SESSIONS = st.lists(EXCHANGES | typical, max_size=4)


def again(document: dict, base: int) -> bytes:
    about = SessionInfo(document["daemon"], tuple(document["clients"]))
    return encode_document(tidy(read_document(parse(encode_document(document)), base), about))


def with_binary_tail(tail: bytes) -> list[Exchange]:
    """Two calls with the same ID, in a path and in a body with binary data after it."""
    one = "c12250feba24" + 52 * "0"
    body = f'["{one}"]'.encode() + tail
    answer = Response(200, body=Body((Chunk(0.0, body),), len(body), ended_at=0.0))
    return [
        Exchange(1, 1, 1.7e9, "", "u", Request("GET", f"/_pingsha256:{one}")),
        Exchange(2, 1, 1.7e9, "", "u", Request("GET", "/_ping"), answer),
    ]


@given(SESSIONS, BASES)
@SLOW
@example(with_binary_tail(b"\0"), 1_500_000_000)
@example(with_binary_tail(b"\xff"), 1_500_000_000)
def test_any_capture_becomes_a_fixture_and_tidying_it_again_changes_nothing(session, base):
    document = tidy(session)
    SCHEMA.validate(document)
    assert again(document, base) == encode_document(document)


@given(SESSIONS, BASES)
@SLOW
def test_what_is_read_is_what_was_recorded(session, base):
    """Calls in order with their methods and statuses; of each stream as many bytes, but for JSON, whose values stay."""
    redactor = Redactor()
    recorded = sorted(
        (redactor.redact(one) for one in session),
        key=lambda one: (round((one.started + one.request.at) * 1e6), one.id),
    )
    found = read_document(parse(encode_document(tidy(session))), base)
    assert [one.request.method for one in found] == [one.request.method for one in recorded]
    assert [one.response and one.response.status for one in found] == [
        one.response and one.response.status for one in recorded
    ]
    for one, other in zip(found, recorded, strict=True):
        for direction, body in other.streams.items():
            if direction == "response" and other.tunnel is not None and other.response is not None:
                continue  # its bytes are the tunnel's
            if direction in one.streams:
                same_bytes(one.streams[direction].data, body.data)


def same_bytes(found: bytes, recorded: bytes) -> None:
    try:
        json.loads(recorded)
    except (ValueError, RecursionError):
        if b"{" not in recorded and b"\0" not in recorded:  # no JSON on several lines, no frames
            assert len(found) == len(recorded)


@given(st.text(max_size=60) | st.sampled_from(["<container:web>", "<\\name:1>", "<time:-5s>x<\\\\port:"]))
@example("<" + "\\" * 50 + "image:")
def test_what_only_looks_like_a_stand_in_comes_back(text):
    assert placeholders.resolve(placeholders.escape(text), lambda offset, form: pytest.fail("a time")) == text


@given(
    st.sampled_from(placeholders.DAEMON_KINDS),
    st.text(st.sampled_from("abcxyz019_.-#"), min_size=1, max_size=20),
    st.sampled_from(["", "12", "20"]),
)
def test_a_stand_in_means_one_literal_of_its_length(kind, name, form):
    text = f"<{kind}:{name}{form and f':{form}'}>"
    literal = placeholders.resolve(text, lambda offset, form: pytest.fail("a time"))
    full = placeholders.literal(kind, name)
    assert full.startswith(literal)
    assert len(literal) == (int(form) if form else 25 if kind in placeholders.SWARM_KINDS else 64)


@given(SESSIONS.filter(bool), st.data())
@SLOW
def test_whatever_is_changed_in_a_fixture_it_is_read_or_refused(session, data):
    value = json.loads(encode_document(tidy(session)))
    where, name = data.draw(st.sampled_from(places(value)))
    where[name] = data.draw(JSON_BODIES | st.sampled_from(HOSTILE))
    attempt(json.dumps(value).encode())


HOSTILE = [
    *(
        1 << 80,
        -1,
        1e308,
        "<container:",
        "<time:+999999999h>",
        "<time:-1s:whole+99:99>",
        "<name:1:0>",
        "\ud800",
    ),
    *("<port:1:unix>", "<service:x:63>", "<name:1:99z>", {"client": "closes"}, [[]], {"json": "\ud800"}),
]


@given(
    st.binary(max_size=100).map(lambda tail: b'{"fixture": "apispy", "format": 1' + tail)
    | st.sampled_from([b'{"fixture": "apispy", "format": 1, "exchanges": []}', b'{"fixture": 1}'])
)
@SLOW
@example(b'{"fixture": "apispy", "format": 1, "exchanges": ' + b"[" * 200_000)
@example(b'{"fixture": "apispy", "format": 1, "exchanges": ' + b"[" * 900 + b"]" * 900 + b"}")
@example(b'{"fixture": "apispy", "format": 1, "exchanges": ' + b"9" * 5000 + b"}")
@example(b'{"fixture": "apispy", "format": 1, "answers": {"\xc4\x80": "x"}, "exchanges": []}')
def test_any_file_is_read_or_refused(data):
    attempt(data)


def attempt(data: bytes) -> None:
    path = Path(PLACE[0]) / "a.json"
    path.write_bytes(data)
    said: list[str] = []
    for reading in (
        lambda: list(read(path, said.append)),
        lambda: list(play(path, on_error=said.append, warn=said.append)),
    ):
        try:
            found = reading()
            assert all(isinstance(one, Exchange) or one for one in found)
        except CaptureError as error:
            said.append(str(error))
    assert all(str(path) in text and len(text) < 600 for text in said)


PLACE: list[str] = []


@pytest.fixture(autouse=True, scope="module")
def _place(tmp_path_factory: pytest.TempPathFactory) -> None:
    PLACE[:] = [str(tmp_path_factory.mktemp("fixtures"))]
