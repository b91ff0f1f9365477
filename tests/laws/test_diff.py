"""A capture does not differ from itself; and what is only in A is only in B when they change places."""

from hypothesis import given, settings
from hypothesis import strategies as st
from stream_strategies import JSON

from apispy.learn.diff import CaptureDifference, compare_captures, diff_json, diff_lines
from apispy.model import Tunnel
from apispy.outputs import DecodedCall
from apispy.structs import replace
from tests.unit.outputs.decoded_calls import body, decoded_call

LINES = st.sampled_from(
    [
        "GET /v1.41/containers/json?all=1", "GET /v1.47/containers/json", "POST /v1.41/containers/create?name=web",
        "GET /containers/web/json", f"GET /containers/{'a1' * 32}/json", "GET /info", "GET /no/such", "POST /build?t=x",
    ]
)  # fmt: skip
TARGETS = LINES | st.text(alphabet="/abé?&=%{}\x00. ", max_size=12).map(lambda text: f"GET /{text}")


def made(line: str, status: int | None, ask: object, answer: object, stream: bytes | None) -> DecodedCall:
    tunnel = None if stream is None else Tunnel("tcp", body(stream), body(stream))
    return decoded_call(line, status, answer, ask=ask, tunnel=tunnel)


CALLS = st.builds(
    made, TARGETS, st.sampled_from([200, 201, 404, None]), JSON | st.binary(max_size=9), JSON | st.binary(max_size=9),
    st.none() | st.binary(max_size=9),
)  # fmt: skip
CAPTURES = st.lists(CALLS, max_size=6).map(
    lambda calls: [replace(call, exchange=replace(call.exchange, id=at)) for at, call in enumerate(calls, 1)]
)


@given(CAPTURES, st.booleans())
@settings(deadline=None)
def test_nothing_differs_from_itself(calls: list[DecodedCall], values: bool) -> None:
    found = compare_captures(calls, calls, values=values)
    assert not found
    assert found.same == len(calls)


def told(found: CaptureDifference, *, turned: bool = False) -> object:
    """What was found; *turned*: as if A were B."""
    step = -1 if turned else 1
    only = [sorted(call.number for call in calls) for calls in (found.only_a, found.only_b)][::step]
    pairs = [
        (
            (pair.a.number, pair.b.number)[::step],
            [(one.kind, one.place, (one.a, one.b)[::step]) for one in pair.changes],
        )
        for pair in found.changed
    ]
    return only, sorted(pairs, key=lambda pair: pair[0])


@given(CAPTURES, CAPTURES, st.booleans())
@settings(deadline=None)
def test_turned_round_it_is_the_same(a: list[DecodedCall], b: list[DecodedCall], values: bool) -> None:
    one, other = compare_captures(a, b, values=values), compare_captures(b, a, values=values)
    assert told(one) == told(other, turned=True)
    assert bool(one) == bool(other) == diff_json(one)["differ"]


@given(CAPTURES, CAPTURES, st.integers(1, 120))
@settings(deadline=None)
def test_it_can_always_be_told(a: list[DecodedCall], b: list[DecodedCall], width: int) -> None:
    assert diff_lines(compare_captures(a, b), width)
