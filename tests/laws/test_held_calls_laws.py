"""A request or a response that is taken at once is held and released as its events are, one by one."""

import itertools
from collections.abc import Sequence

from capture_strategies import SLOW
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apispy.model import Body, Chunk, Exchange, Request, Response, Tunnel
from apispy.pipeline.held_calls import MAX_BYTES, HeldCalls
from apispy.tap import Closed, Data, Event, Opened, ResponseStarted
from apispy.tap.events import GaveUp, StreamEnded

KINDS = (
    "opened",
    "sent",
    "request ended",
    "response",
    "tunnel",
    "received",
    "long",
    "ended",
    "closed",
    "gave up",
)

Step = tuple[int, str]
"""The number of a call, and what happens to it."""


def event(step: Step) -> Event:
    number, kind = step
    tunnel = Tunnel("tcp", Body(), Body()) if kind == "tunnel" else None
    exchange = Exchange(number, 1, 1.0, "c", "u", Request("GET", "/_ping"), Response(200), tunnel)
    match kind:
        case "opened":
            return Opened(exchange)
        case "response" | "tunnel":
            return ResponseStarted(exchange)
        case "closed":
            return Closed(exchange)
        case "gave up":
            return GaveUp(1, "nonsense", 1.0)
        case "request ended" | "ended":
            return StreamEnded(number, "request" if kind == "request ended" else "response", 1.0)
    return Data(
        number,
        "request" if kind == "sent" else "response",
        0,
        Chunk(0.0, bytes(MAX_BYTES // 2 + 1 if kind == "long" else 5)),
    )


def released(reads: Sequence[Sequence[Event]], *, at_once: bool, teaches_nothing: bool) -> list[Event]:
    """What ``HeldCalls`` releases of the events of several reads, by read, and what it still holds at the end."""
    held, found = HeldCalls(lambda _: teaches_nothing), []
    for events in reads:
        if at_once and held.hold(events):
            runs = []
        elif at_once and (whole := held.take_response(events)) is not None:
            runs = [whole]
        else:
            runs = [run for one in events for run in held.take(one)]
        found.append(runs)
    return [*found, held.release()]


RESPONSE = ("response", "received", "ended", "closed")
READS = st.lists(
    st.one_of(
        st.integers(1, 3).map(lambda number: [(number, "opened"), (number, "request ended")]),
        st.integers(1, 3).map(lambda number: [(number, kind) for kind in RESPONSE]),
        st.lists(st.tuples(st.integers(1, 3), st.sampled_from(KINDS)), min_size=1, max_size=5),
        st.tuples(st.integers(1, 3), st.integers(1, 3), st.lists(st.sampled_from(KINDS), max_size=3)).map(
            lambda drawn: [
                (drawn[0], "response"),
                *((drawn[1], kind) for kind in drawn[2]),
                (drawn[0], "closed"),
            ]
        ),
    ),
    max_size=8,
)

OPENED: list[Step] = [(1, "opened")]


@given(READS, st.booleans())
@settings(SLOW, max_examples=200)
@example([OPENED, [(1, kind) for kind in RESPONSE]], False)
@example([OPENED, [(1, "tunnel"), (1, "closed")]], False)
@example([OPENED, [(1, "response"), (1, "long"), (1, "long"), (1, "closed")]], False)
@example([OPENED, [(1, "sent"), (1, "long")], [(1, "response"), (1, "long"), (1, "closed")]], False)
@example([OPENED, [(1, "response"), (2, "ended"), (1, "closed")]], False)
@example([OPENED, [(1, "response"), (2, "received"), (1, "closed")]], False)
@example([OPENED, [(1, "response"), (1, "closed"), (1, "opened"), (1, "closed")]], False)
@example([OPENED, [(2, "response"), (2, "closed")]], False)
@example([OPENED, [(2, "response"), (1, "closed")]], False)
@example([OPENED, [(1, "response")]], False)
@example([OPENED, [(1, "response"), (1, "received")]], False)
@example([OPENED, [(1, "received"), (1, "closed")]], False)
@example([OPENED, [(1, "response"), (2, "closed")]], True)
@example([OPENED, [(1, "ended")]], True)
@example([OPENED, [(1, "closed")]], True)
def test_at_once_is_as_one_by_one(steps: list[list[Step]], teaches_nothing: bool) -> None:
    made = {step: event(step) for step in itertools.chain.from_iterable(steps)}
    reads = [[made[step] for step in read] for read in steps]
    one_by_one = released(reads, at_once=False, teaches_nothing=teaches_nothing)
    assert released(reads, at_once=True, teaches_nothing=teaches_nothing) == one_by_one
