"""Invariants of the tap: it never raises, and splitting the bytes otherwise changes times only."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from apispy.model import Body, Exchange
from apispy.structs import replace
from apispy.tap import Closed, GaveUp
from tests.unit.tap.conversations import (
    ATTACH,
    CHUNKED,
    EVENTS,
    HIJACKED,
    LIST,
    LISTED,
    OLD_HIJACKED,
    PING,
    PONG,
    Step,
    c,
    closed,
    new_tap,
    play,
    s,
)

CONVERSATIONS = [
    [c(PING), s(PONG), c(LIST), s(LISTED)],
    [c(LIST + LIST), s(LISTED), s(LISTED)],
    [c(EVENTS), s(CHUNKED), s(b"3\r\n{}\n\r\n"), s(b"4\r\n{ }\n\r\n0\r\nX-T: 1\r\n\r\n")],
    [c(ATTACH + b"stdin"), s(HIJACKED), c(b"more"), s(b"\x01\x00\x00\x00\x00\x00\x00\x02hi"), c(b""), s(b"")],
    [c(ATTACH.replace(b"Upgrade: tcp\r\n", b"")), s(OLD_HIJACKED + b"out"), c(b"in"), c(b""), s(b"")],
    [c(b"GET /info HTTP/1.0\r\n\r\n"), s(b"HTTP/1.0 200 OK\r\n\r\n{}"), s(b"")],
]


def split(step: Step, cuts: list[int]) -> list[Step]:
    edges = sorted({0, len(step.data), *(cut % (len(step.data) + 1) for cut in cuts)})
    if not step.data:
        return [step]
    return [Step(step.client, step.data[a:b]) for a, b in pairwise(edges)]


def timeless(exchange: Exchange) -> tuple[object, ...]:
    """Return an exchange without its times and chunk boundaries."""

    def bare(body: Body) -> tuple[object, ...]:
        return body.data, body.size, body.trailers, body.ended_at is not None

    return (
        replace(exchange.request, body=Body(), at=0.0),
        exchange.response and replace(exchange.response, body=Body(), at=0.0),
        exchange.tunnel and exchange.tunnel.protocol,
        {direction: bare(body) for direction, body in exchange.streams.items()},
        exchange.end,
        exchange.problems,
    )


@given(st.sampled_from(CONVERSATIONS), st.lists(st.integers(0, 400), max_size=12))
def test_any_splitting_gives_the_same_exchanges(conversation, cuts):
    pieces = [piece for step in conversation for piece in split(step, cuts)]
    assert [timeless(e) for e in closed(play(pieces))] == [timeless(e) for e in closed(play(conversation))]


def test_one_byte_at_a_time():
    for conversation in CONVERSATIONS:
        pieces = [piece for step in conversation for piece in split(step, list(range(500)))]
        assert [timeless(e) for e in closed(play(pieces))] == [
            timeless(e) for e in closed(play(conversation))
        ]


STEPS = st.builds(
    Step,
    st.booleans(),
    st.one_of(st.binary(max_size=60), st.sampled_from([PING, LIST, LISTED, ATTACH, HIJACKED, CHUNKED])),
)


@given(st.lists(STEPS, max_size=12))
def test_it_is_total_and_gives_up_at_most_once(steps):
    events = play(steps, lose=True)
    assert sum(isinstance(event, GaveUp) for event in events) <= 1
    ids = [event.exchange.id for event in events if isinstance(event, Closed)]
    assert len(ids) == len(set(ids))


def test_a_fault_of_our_own_ends_the_reading_not_the_connection(monkeypatch):
    tap = new_tap()
    monkeypatch.setattr(tap, "_next_number", lambda: 1 / 0)
    [event] = tap.from_client(LIST, 1.0)
    assert isinstance(event, GaveUp)
    assert "an internal error in apispy" in event.reason
    assert tap.from_client(LIST, 2.0) == []
