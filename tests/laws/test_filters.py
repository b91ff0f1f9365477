"""The filter language: its canonical text means the same, any text parses or is refused, any call can be judged."""

from functools import reduce
from operator import or_
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from apispy.engine import OPERATIONS, lookup
from apispy.errors import UsageError
from apispy.filters import Filter, Part
from apispy.filters.fields import TABLE
from apispy.model import Body, Chunk, Exchange, Headers, Item, Request, Response, Tunnel
from apispy.outputs import DecodedCall
from apispy.structs import replace

VALUES = {
    "a pattern": st.text(max_size=8) | st.sampled_from(["*", "Container*", "?"]),
    "a text": st.text(max_size=8),
    "a number": st.integers(0, 999).map(str),
    "a version": st.sampled_from(["1.9", "1.41", "v1.50"]),
    "a duration (us, ms, s, m, h)": st.sampled_from(["1s", "20ms", "0.5h", "7µs"]),
    "a size (B, kB, MB, GB, KiB, MiB, GiB)": st.sampled_from(["0", "1kB", "2.5MiB", "3b"]),
    "a time of day, or a date and time": st.sampled_from(["12:00", "2026-11-25T12:00", "2026-11-25T12:00Z"]),
}


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def comparisons(field: Any) -> st.SearchStrategy[str]:
    values = VALUES[field.kind.expects].map(quoted)
    return st.builds("{}{}{}".format, st.just(field.name), st.sampled_from(field.kind.operators), values)


EXPRESSIONS = st.recursive(
    st.one_of(
        *map(comparisons, TABLE), st.text(max_size=5).map(quoted), st.sampled_from(["error", "note", "ping"])
    ),
    lambda inner: st.one_of(
        inner.map("not {}".format),
        inner.map("({})".format),
        st.builds("{} {} {}".format, inner, st.sampled_from(["and", "or", ""]), inner),
    ),
    max_leaves=8,
)

ODD = st.sampled_from([0.0, -1.0, 1e300, float("nan"), float("inf"), 1_700_000_000.5])
BODIES = st.builds(Body, st.just((Chunk(0.0, b"x"),)), st.integers(0, 10**18))
TARGETS = st.text(max_size=20) | st.sampled_from(
    [f"/v1.41{row.path}?name=a&t=b&fromImage=c&tag=d" for row in OPERATIONS]
)
JSON = st.recursive(
    st.none() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.just("Image"), inner),
    max_leaves=3,
)


@st.composite
def readings(draw: st.DrawFn) -> DecodedCall:
    method, target = draw(st.sampled_from(["GET", "POST", "DELETE", ""])), draw(TARGETS)
    response = draw(st.none() | st.builds(Response, st.integers(-1, 10**9), body=BODIES))
    tunnel = draw(st.none() | st.builds(Tunnel, st.just("tcp"), BODIES, BODIES))
    chunked = draw(st.sampled_from([Headers(), Headers(((b"Transfer-Encoding", b"chunked"),))]))
    request = Request(method, target, headers=chunked, body=draw(BODIES))
    exchange = Exchange(1, 1, draw(ODD), draw(st.text(max_size=4)), "u", request, response, tunnel)
    exchange = replace(exchange, duration=draw(ODD))
    items = draw(st.just({}) | JSON.map(lambda value: {"request": (Item("json", "", value, (0, 1)),)}))
    texts = st.lists(st.text(max_size=4), max_size=2).map(tuple)
    return DecodedCall(exchange, lookup(method, target), items, draw(texts), draw(texts))


@given(EXPRESSIONS)
def test_the_canonical_text_means_the_same(text: str) -> None:
    found = Filter.parse(text)
    assert Filter.parse(str(found)) == found
    assert str(Filter.parse(str(found))) == str(found)


@given(st.text() | st.text('()":<>=! \\andortsu1*op', max_size=30))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        found = Filter.parse(text)
    except UsageError:
        return
    assert Filter.parse(str(found)) == found


@given(
    EXPRESSIONS, readings(), st.lists(st.sampled_from(Part)).map(lambda parts: reduce(or_, parts, Part(0)))
)
def test_any_call_can_be_judged_and_what_is_said_early_stays(
    text: str, reading: DecodedCall, known: Part
) -> None:
    wanted = Filter.parse(text)
    final = wanted.matches(reading)
    assert final in (True, False)
    assert wanted.expression.decide(reading, wanted.needs) is final
    assert wanted.expression.decide(reading, known) in (final, None)
    assert wanted.early(reading) in (final, None)
