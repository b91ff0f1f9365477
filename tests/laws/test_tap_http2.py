"""Invariants of the tap for HTTP/2: it never raises, and splitting the bytes otherwise changes times only."""

from hyperframe import frame as frames
from hypothesis import given, settings
from hypothesis import strategies as st
from test_h2c_laws import FRAMES
from test_tap import split, timeless

from apispy.http2 import PREFACE
from apispy.tap import Closed, GaveUp, Opened
from tests.h2_peer import Peers
from tests.unit.tap.conversations import LIST, LISTED, Step, c, closed, play, s

SETTINGS = frames.SettingsFrame().serialize()


def everyday() -> list[Step]:
    """Calls of both kinds, interleaved on one connection."""
    peers, steps = Peers(), []

    def flush() -> None:
        sent, answered = peers.exchange()
        steps.extend([c(sent), s(answered)])

    listed = peers.request("GET", "/v1.53/containers/json", more=[("x-long", "v" * 300)])
    created = peers.request("POST", "/v1.53/containers/create", b'{"Image":"x"}')
    flush()
    built = peers.call("/moby.buildkit.v1.Control/Solve", b"definition")
    peers.respond(created, b'{"Id":"1"}', status=201)
    flush()
    peers.respond(listed, b"[]", trailers=[("x-digest", "1")])
    peers.answer(built, b"one", b"x" * 400, status=2)
    flush()
    peers.client.reset_stream(peers.request("GET", "/events"), 8)
    left = peers.request("GET", "/v1.53/events")
    flush()
    peers.server.reset_stream(left, 2)
    peers.server.close_connection()
    flush()
    return [step for step in steps if step.data]


CONVERSATIONS = [
    everyday(),
    [c(PREFACE + SETTINGS), s(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno")],
    [s(SETTINGS), *everyday()[:1]],
]
LAST = [[], [c(b"")], [s(b"")], [s(b""), c(b"")]]


@settings(deadline=None)
@given(st.sampled_from(CONVERSATIONS), st.lists(st.integers(0, 2000), max_size=12), st.sampled_from(LAST))
def test_any_splitting_gives_the_same_exchanges(conversation, cuts, last):
    pieces = [piece for step in conversation for piece in split(step, cuts)]
    whole = [timeless(exchange) for exchange in closed(play([*conversation, *last], lose=True))]
    assert [timeless(exchange) for exchange in closed(play([*pieces, *last], lose=True))] == whole


def test_one_byte_at_a_time():
    for conversation in CONVERSATIONS:
        pieces = [Step(step.client, bytes([byte])) for step in conversation for byte in step.data]
        assert [timeless(exchange) for exchange in closed(play(pieces))] == [
            timeless(exchange) for exchange in closed(play(conversation))
        ]


STEPS = st.builds(
    Step,
    st.booleans(),
    st.one_of(
        FRAMES,
        st.lists(FRAMES, max_size=4).map(b"".join),
        st.binary(max_size=30),
        st.sampled_from([PREFACE, PREFACE[:5], PREFACE[5:], SETTINGS, PREFACE + SETTINGS, LIST, LISTED, b""]),
    ),
)


@settings(deadline=None)
@given(
    st.sampled_from([[], [c(PREFACE + SETTINGS), s(SETTINGS)], CONVERSATIONS[0][:3]]),
    st.lists(STEPS, max_size=12),
)
def test_it_is_total_and_closes_what_it_opened(begun, steps):
    events = play([*begun, *steps], lose=True)
    assert sum(isinstance(event, GaveUp) for event in events) <= 1
    assert not any("internal error" in event.reason for event in events if isinstance(event, GaveUp))
    ended = [event.exchange.id for event in events if isinstance(event, Closed)]
    opened = [event.exchange.id for event in events if isinstance(event, Opened)]
    assert len(ended) == len(set(ended))
    assert sorted(ended) == sorted(opened)


def test_the_everyday_conversation_is_read_whole():
    events = play(CONVERSATIONS[0])
    assert not any(isinstance(event, GaveUp) for event in events)
    assert [(one.request.target, one.end) for one in closed(events)] == [
        ("/v1.53/containers/create", "complete"),
        ("/v1.53/containers/json", "complete"),
        ("/moby.buildkit.v1.Control/Solve", "complete"),
        ("/events", "left"),
        ("/v1.53/events", "cut"),
    ]
