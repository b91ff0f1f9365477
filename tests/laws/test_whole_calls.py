"""A finished call that is taken at once gives the same reading as its events, also with secrets, and if it repeats."""

import json
from typing import Literal
from urllib.parse import quote

from capture_strategies import EXCHANGES, JSON_BODIES, SLOW
from exchange_strategies import sessions
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apispy import json_codec
from apispy.capture.events import tap_events
from apispy.capture.lines import encode_line, read_documents, read_line
from apispy.capture.typed_line import Contents
from apispy.model import Body, Chunk, Exchange, Headers, Request, Response
from apispy.outputs.base import DecodedCall, Output
from apispy.pipeline import Pipeline
from apispy.redaction import Policy, Redactor, parse
from apispy.redaction.tokens import Tokens
from apispy.structs import replace

SECRET = "hunter2-planted-9"
TARGETS = (
    "GET /_ping",
    "GET /v1.41/containers/json",
    f"GET /v1.41/containers/{SECRET}/json",
    "GET /v1.41/containers/web/json",
    "POST /v1.41/containers/create?name=web",
    f"GET /v1.41/images/json?filters={quote(json_codec.write({'name': [SECRET]}).decode())}",
    "POST /v1.41/auth",
    "POST /v1.41/images/create?fromImage=a",
    "GET /v1.41/containers/web/logs?stdout=1",
    "GET /v1.41/containers/web/logs?stdout=1&follow=1",
    "POST /v1.41/secrets/create",
    "GET /v1.41/nothing/known",
)
VALUES: tuple[object, ...] = (
    {},
    [{"Id": "1" * 64, "Names": ["/web"]}],
    {"Env": [f"PASSWORD={SECRET}"]},
    {"Config": {"Env": [f"DB_PASSWORD={SECRET}", "PATH=/bin"]}},
    {"username": "ann", "password": SECRET},
    {"message": f"no: {SECRET}"},
    {"error": "no", "message": "other"},
    {"Name": SECRET, "Labels": {"a": f"x {SECRET} y", SECRET: "b"}},
    {"Data": SECRET},
    {"Url": f"https://ann:{SECRET}@x.example/"},
)
BODIES = st.one_of(
    st.just(b""),
    st.sampled_from(VALUES).map(json_codec.write),
    st.sampled_from(VALUES).map(lambda value: json_codec.write(value) + b"\r\n" + json_codec.write(value)),
    JSON_BODIES.map(lambda value: json.dumps(value).encode()),
    st.just(f"plain text with {SECRET}".encode()),
)
TYPES = st.sampled_from([(), ((b"Content-Type", b"application/json"),), ((b"Content-Type", b"text/plain"),)])


@st.composite
def bodies(draw: st.DrawFn) -> Body:
    data, cut = draw(BODIES), draw(st.integers(0, 40))
    chunks = tuple(Chunk(0.1, piece) for piece in (data[:cut], data[cut:]) if piece)
    return Body(
        chunks, len(data) + draw(st.sampled_from([0, 0, 0, 5])), ended_at=draw(st.none() | st.just(0.2))
    )


@st.composite
def calls(draw: st.DrawFn) -> Exchange:
    method, target = draw(st.sampled_from(TARGETS)).split()
    request = Request(method, target, headers=Headers(draw(TYPES)), body=draw(bodies()))
    status = draw(st.sampled_from([200, 200, 204, 404, 500]))
    response = Response(status, "x", headers=Headers(draw(TYPES)), body=draw(bodies()), at=0.1)
    end = draw(st.sampled_from(["complete", "complete", "left", "cut", "open"]))
    return Exchange(1, 1, 1e9, "c", "u", request, draw(st.none() | st.just(response)), end=end, duration=0.3)


class Readings(Output):
    """Collects what is shown, in order. *by_events*: it asks for heads, so that nothing is held or taken at once."""

    def __init__(self, *, by_events: bool) -> None:
        self.found: list[object] = []
        self._by_events = by_events

    @property
    def takes_heads(self) -> bool:
        return self._by_events

    def opened(self, decoded: DecodedCall) -> None:
        self.found.append(decoded)

    def item(self, decoded: DecodedCall, direction: str, item: object) -> None:
        self.found.append((decoded, direction, item))

    def write(self, decoded: DecodedCall) -> None:
        labelled = decoded.label(decoded.exchange.request.target)
        values = {direction: body.document.value for direction, body in decoded.exchange.streams.items()}
        self.found.append((decoded, labelled, values))

    def notice(self, text: str, at: float) -> None:
        self.found.append(text)


def shown(
    session: list[Exchange], rules: tuple[str, ...], way: Literal["at once", "held", "by events"]
) -> tuple[list[object], dict[str, int]]:
    """What is shown of a session whose calls may overlap; *at once* they do not."""
    output, redactor = (
        Readings(by_events=way == "by events"),
        Redactor(Policy(rules=parse(rules)), Tokens(b"k" * 32)),
    )
    pipeline = Pipeline([output], redactor=redactor, notes="strict", clock=lambda: 2e9)
    saved = [read_line(encode_line(replace(call, id=number)), 1) for number, call in enumerate(session, 1)]
    calls = [call for call in saved if isinstance(call, Exchange)]
    events = [event for call in calls for event in tap_events(call)]
    if way == "at once":
        for call in calls:
            pipeline.feed(call)
    else:
        for _, event in sorted(events, key=lambda event: event[0]):
            pipeline.feed(event)
    pipeline.close()
    return output.found, redactor.report()


def again(session: list[Exchange], after: float) -> list[Exchange]:
    """The calls one after the other, twice, each *after* seconds after the one before."""
    return [replace(call, started=1e9 + number * after) for number, call in enumerate(session * 2)]


RULES = st.sampled_from([(), (), ("json:$.Id",), (r"re:/w\w+",)])


@given(st.lists(calls(), min_size=1, max_size=4), RULES)
@settings(SLOW, max_examples=20)
def test_a_call_is_shown_alike_at_once_and_by_its_events(
    session: list[Exchange], rules: tuple[str, ...]
) -> None:
    calls = again(session, 10)
    expected = shown(calls, rules, "by events")
    assert shown(calls, rules, "at once") == expected
    assert shown(calls, rules, "held") == expected


@given(st.lists(calls(), min_size=2, max_size=4), RULES, st.sampled_from([0.0, 0.05, 0.1, 0.15, 0.25]))
@settings(SLOW, max_examples=25)
def test_calls_that_overlap_are_shown_alike_held_and_by_their_events(
    session: list[Exchange], rules: tuple[str, ...], after: float
) -> None:
    calls = again(session, after)
    assert shown(calls, rules, "held") == shown(calls, rules, "by events")


@given(sessions)
@settings(SLOW, max_examples=12)
def test_any_call_is_shown_alike(session: list[Exchange]) -> None:
    calls = again(session, 1e4)
    expected = shown(calls, (), "by events")
    assert shown(calls, (), "at once") == expected
    assert shown(calls, (), "held") == expected


@given(EXCHANGES)
@settings(SLOW, max_examples=25)
@example(Exchange(1, 1, 1.0, "c", "u", Request("POST", "/", body=Body((Chunk(0.0, b"[1e16,2]\n"),), 9))))
def test_the_documents_of_a_line_are_those_of_its_bodies(exchange: Exchange) -> None:
    line = encode_line(exchange)
    plain, shared = read_line(line, 1), read_documents(line, 1, Contents())
    assert plain == shared
    assert isinstance(plain, Exchange)
    assert isinstance(shared, Exchange)
    for direction, body in plain.streams.items():
        assert repr(shared.streams[direction].document.value) == repr(body.document.value)
