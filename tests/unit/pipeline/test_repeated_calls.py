"""Short calls are redacted and decoded once when they are over, and not at all if they repeat one. Work is counted."""

import itertools
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

import pytest

from apispy.outputs import Console
from apispy.outputs.base import DecodedCall, Output
from apispy.pipeline import Pipeline
from apispy.pipeline.held_calls import MAX_BYTES
from apispy.pipeline.repeated_calls import MAX_BYTES as MAX_REMEMBERED
from apispy.pipeline.repeated_calls import MAX_CALLS, MAX_TOTAL_BYTES
from apispy.redaction import Policy, Redactor, user_rules
from apispy.redaction.redactor import ExchangeRedactor
from apispy.structs import replace
from apispy.tap import ConnectionTap, Event

SECRET = "hunter2-planted-9"
PING = b"GET /_ping HTTP/1.1\r\nHost: docker\r\nUser-Agent: Docker-Client/20.10.24 (linux)\r\n\r\n"
PONG = b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nDate: %s\r\nContent-Type: text/plain\r\n"
NOON = b"Sun, 29 Nov 2026 12:00:00 GMT"


def pong(body: bytes = b"OK", date: bytes = NOON) -> bytes:
    return PONG % date + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


class Calls(Output):
    """Collects the readings of finished calls."""

    def __init__(self) -> None:
        self.readings: list[DecodedCall] = []

    def write(self, decoded: DecodedCall) -> None:
        self.readings.append(decoded)


class Session:
    """Connections whose bytes go through taps into one pipeline, as ``proxy.service`` does it while nothing waits."""

    at_once = True
    """Whether the pipeline may show at once what it can; else all events come from the queue."""

    limit = 1 << 20
    """Bytes of each body that are kept."""

    def __init__(self, *outputs: Output, redactor: Redactor | None = None) -> None:
        self.calls = Calls()
        self.pipeline = Pipeline([self.calls, *outputs], redactor=redactor, clock=lambda: 2e9)
        self._numbers = itertools.count(1)
        self._taps: dict[int, ConnectionTap] = {}
        self._clock = itertools.count(1_000_000)

    def _tap(self, connection: int) -> ConnectionTap:
        new = ConnectionTap(connection, "c", "u", lambda: next(self._numbers), self.limit)
        return self._taps.setdefault(connection, new)

    def ask(self, data: bytes, connection: int = 1) -> None:
        self._show(self._tap(connection).from_client(data, float(next(self._clock))))

    def answer(self, data: bytes, connection: int = 1) -> None:
        self._show(self._tap(connection).from_server(data, float(next(self._clock))))

    def end_server(self, connection: int = 1) -> None:
        self._show(self._tap(connection).server_eof(float(next(self._clock))))

    def _show(self, events: Sequence[Event]) -> None:
        for event in self.pipeline.take_now(events) if self.at_once else events:
            self.pipeline.feed(event)

    def call(self, request: bytes = PING, response: bytes = pong()) -> DecodedCall:
        self.ask(request)
        self.answer(response)
        return self.calls.readings[-1]


@pytest.fixture(autouse=True, params=[True, False], ids=["at-once", "queued"])
def _at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "at_once", request.param)


@contextmanager
def counted() -> Iterator[Counter[CodeType | None]]:
    """The calls of Python functions inside, by their code, and of others (None)."""
    found: Counter[CodeType | None] = Counter()

    def called(frame: FrameType, event: str, _argument: Any) -> None:
        if event in ("call", "c_call"):
            found[frame.f_code if event == "call" else None] += 1

    sys.setprofile(called)
    try:
        yield found
    finally:
        sys.setprofile(None)


REDACTED = ExchangeRedactor._redacted.__code__


def test_a_call_is_redacted_once_and_a_repeated_one_not_at_all() -> None:
    session = Session()
    with counted() as found:
        first = session.call()
    assert found[REDACTED] == 1
    with counted() as found:
        again = session.call(response=pong(date=NOON.replace(b"12:00", b"13:59")))
    assert found[REDACTED] == 0
    assert (again.items, again.notes, again.call) == (first.items, first.notes, first.call)
    assert again.exchange.id == 2
    response = again.exchange.response
    assert response is not None
    assert response.headers.text("date") == "Sun, 29 Nov 2026 13:59:00 GMT"


def test_a_repeated_call_takes_few_steps() -> None:
    session = Session(Console(lambda _: None))
    for _ in range(3):
        session.call()
    with counted() as found:
        session.call()
    assert found.total() < 420  # 337; 440 when each line was formatted, and 900 for a call that repeats none


@pytest.mark.parametrize(
    "response",
    [
        pong(b"no"),
        pong(date=b"yesterday"),
        pong().replace(b"1.41", b"1.42"),
        pong().replace(b"200 OK", b"200 Ok"),
        pong().replace(b"200 OK", b"500 OK"),
    ],
)
def test_another_response_is_no_repeat(response: bytes) -> None:
    session, other = Session(), Session()
    for _ in range(2):
        session.call()
    with counted() as found:
        reading = session.call(response=response)
    assert found[REDACTED] == 1
    assert reading.items == other.call(response=response).items
    assert reading.errors == other.calls.readings[0].errors


def test_a_response_that_was_cut_is_no_repeat() -> None:
    session = Session()
    head = PONG % NOON + b"Transfer-Encoding: chunked\r\n\r\n"
    for _ in range(2):
        assert not session.call(response=head + b"2\r\nOK\r\n0\r\n\r\n").failed
    session.ask(PING)
    session.answer(head + b"2\r\nOK\r\n")
    with counted() as found:
        session.end_server()
    assert session.calls.readings[-1].failed
    assert found[REDACTED] > 0


def test_a_body_of_which_less_is_kept_is_no_repeat() -> None:
    session = Session()
    session.limit = 4
    head = PONG % NOON + b"Connection: close\r\n\r\n"
    sizes = []
    for connection, body in enumerate((b"long", b"long", b"longer")):
        session.ask(PING, connection)
        session.answer(head + body, connection)
        with counted() as found:
            session.end_server(connection)
        response = session.calls.readings[-1].exchange.response
        assert response
        sizes.append((response.body.size, found[REDACTED] > 0))
    assert sizes == [(4, True), (4, False), (6, True)]


def test_what_a_rule_hides_in_a_date_is_no_repeat() -> None:
    session = Session(redactor=Redactor(Policy(rules=user_rules.parse(["re:29 Nov"]))))
    for _ in range(2):
        session.call(response=pong(date=NOON.replace(b"29", b"28")))
    assert b"29 Nov" not in repr(session.call().exchange).encode()


def secret_of_env(
    request: bytes = b"GET /v1.41/containers/web/json HTTP/1.1\r\nHost: docker\r\n\r\n",
) -> tuple[bytes, bytes]:
    """A call whose response teaches the secret."""
    body = json.dumps({"Config": {"Env": [f"DB_PASSWORD={SECRET}"]}}).encode()
    return request, pong(body).replace(b"text/plain", b"application/json")


def test_a_repeat_of_a_call_with_a_secret_that_became_known_is_redacted() -> None:
    session, response = Session(), pong(f"it is {SECRET}".encode())
    for _ in range(3):  # the third is known by its heads, as the second repeats the first
        assert SECRET in repr(session.call(response=response))
    session.call(*secret_of_env())
    assert SECRET not in repr(session.call(response=response).items)


def test_a_call_with_secrets_is_redacted_each_time() -> None:
    session = Session()
    for _ in range(3):
        with counted() as found:
            assert SECRET not in repr(session.call(*secret_of_env()))
        assert found[REDACTED] > 0


def test_a_date_that_has_a_known_secret_counts() -> None:
    redactor = Redactor()
    redactor.known_secrets.add("29 Nov 2026", lasting=False)
    session = Session(redactor=redactor)
    session.call(response=pong(date=NOON.replace(b"29", b"28")))
    assert b"29 Nov 2026" not in repr(session.call().exchange).encode()


def test_few_calls_are_remembered() -> None:
    session = Session()
    for number in range(MAX_CALLS + 1):
        session.call(response=pong(b"%d" % number))
    for number, times in ((MAX_CALLS, 0), (0, 1)):
        with counted() as found:
            session.call(response=pong(b"%d" % number))
        assert found[REDACTED] == times


def test_few_bytes_of_bodies_are_remembered() -> None:
    session, size = Session(), MAX_REMEMBERED - 10
    count = MAX_TOTAL_BYTES // size + 1
    for number in range(count):
        session.call(response=pong(b"%0*d" % (size, number)))
    for number, times in ((count - 1, 0), (0, 1)):
        with counted() as found:
            session.call(response=pong(b"%0*d" % (size, number)))
        assert found[REDACTED] == times


def test_a_call_of_a_capture_in_which_something_was_hidden_repeats() -> None:
    session, redactor = Session(), Redactor()
    session.call(*secret_of_env())
    saved = redactor.redact(session.calls.readings[0].exchange)
    assert saved.redactions
    other = Session()
    for number, times in ((1, 1), (2, 0)):
        with counted() as found:
            other.pipeline.feed(replace(saved, id=number))
        assert found[REDACTED] == times
    assert [reading.exchange.redactions for reading in other.calls.readings] == [saved.redactions] * 2


def test_a_call_with_long_heads_is_not_remembered() -> None:
    session, response = Session(), pong().replace(b"Api-", b"X-Long: " + b"x" * MAX_REMEMBERED + b"\r\nApi-")
    for _ in range(2):
        with counted() as found:
            session.call(response=response)
        assert found[REDACTED] == 1


def test_a_long_call_is_handled_as_it_comes() -> None:
    session = Session()
    response = pong(b"x" * (MAX_BYTES + 1))
    with counted() as found:
        session.call(response=response)
    assert found[REDACTED] > 1


def test_a_secret_of_a_request_is_hidden_in_a_call_that_ends_before() -> None:
    session = Session()
    login = f"GET /v1.41/images/json HTTP/1.1\r\nHost: docker\r\nAuthorization: Bearer {SECRET}\r\n\r\n"
    session.ask(login.encode(), connection=1)
    session.ask(PING, connection=2)
    session.answer(pong(f"it is {SECRET}".encode()), connection=2)
    assert len(session.calls.readings) == 1
    assert SECRET not in repr(session.calls.readings)


def test_plain_calls_that_overlap_are_redacted_once_each() -> None:
    session = Session()
    with counted() as found:
        for connection in range(5):
            session.ask(PING, connection)
        for connection in range(5):
            session.answer(pong(b"%d" % connection), connection)
    assert [reading.exchange.connection for reading in session.calls.readings] == [*range(5)]
    assert found[REDACTED] == 5


def test_bodies_of_plain_calls_that_overlap_are_counted_by_themselves() -> None:
    session, size = Session(), MAX_BYTES * 2 // 3
    with counted() as found:
        for connection in range(3):
            session.ask(PING, connection)
        for connection in range(3):
            session.answer(pong(b"%0*d" % (size, connection)), connection)
    assert found[REDACTED] == 3


def test_a_secret_that_became_known_meanwhile_is_not_in_the_path_of_an_open_call() -> None:
    session = Session()
    session.ask(
        f"GET /v1.41/containers/{SECRET}/json HTTP/1.1\r\nHost: docker\r\n\r\n".encode(), connection=1
    )
    session.ask(secret_of_env()[0], connection=2)
    session.answer(secret_of_env()[1], connection=2)
    session.answer(pong(), connection=1)
    assert SECRET not in repr(session.calls.readings[1])
