"""Strategies for arbitrary exchanges, for the laws of the capture file."""

import json
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from apispy.capture.item_json import SHAPES
from apispy.model import (
    Body,
    Chunk,
    Exchange,
    Headers,
    Item,
    Redaction,
    Request,
    Response,
    Seen,
    Tunnel,
)

SLOW = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
"""Settings for slow examples: generating an exchange and writing files takes long on a busy machine."""

TIMES = st.floats(0, 1e6)
NAMES = st.text(max_size=8)
WIRE = st.binary(max_size=20)
JSON_BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
SPACES = st.sampled_from([(",", ":"), (", ", ": ")])
DATA = st.binary(max_size=60) | st.builds(
    lambda value, spaces, tail: json.dumps(value, separators=spaces).encode() + tail,
    JSON_BODIES,
    SPACES,
    st.sampled_from([b"", b"\n", b" \r\n", b"\0"]),
)
HEADERS = st.builds(Headers, st.lists(st.tuples(WIRE, WIRE), max_size=3).map(tuple))
VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.integers() | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
SPANS = st.tuples(st.integers(0, 1 << 40), st.integers(0, 1 << 40))
KINDS = NAMES.filter(lambda kind: not any(kind == shape.split()[0] for shape in SHAPES))
"""Kinds of items with any value: those of SHAPES have values of a certain form."""
ITEMS = st.recursive(
    st.builds(Item, KINDS, NAMES, VALUES, SPANS),
    lambda inner: st.builds(Item, KINDS, NAMES, VALUES, SPANS, st.lists(inner, max_size=2).map(tuple)),
    max_leaves=3,
)


@st.composite
def bodies(draw: st.DrawFn) -> Body:
    data = draw(DATA)
    edges = sorted(draw(st.lists(st.integers(0, len(data)), max_size=3)))
    pieces = [data[a:b] for a, b in zip([0, *edges], [*edges, len(data)], strict=True)]
    return Body(
        chunks=tuple(Chunk(draw(TIMES), piece) for piece in pieces) if draw(st.booleans()) else (),
        size=len(data) + draw(st.integers(0, 1 << 40)),
        trailers=draw(HEADERS),
        ended_at=draw(st.none() | TIMES),
        shown=draw(st.booleans()),
        digest=draw(st.sampled_from(["", "ab" * 32])),
        seen=tuple(draw(st.lists(st.builds(Seen, TIMES, ITEMS), max_size=2))),
    )


EXCHANGES = st.builds(
    Exchange,
    id=st.integers(1, 1 << 40),
    connection=st.integers(0, 1 << 40),
    started=st.floats(0, 1e10),
    client=NAMES,
    upstream=NAMES,
    request=st.builds(Request, NAMES, NAMES, NAMES, HEADERS, bodies(), TIMES),
    response=st.none() | st.builds(Response, st.integers(0, 999), NAMES, NAMES, HEADERS, bodies(), TIMES),
    tunnel=st.none() | st.builds(Tunnel, NAMES, bodies(), bodies()),
    end=st.sampled_from(["open", "complete", "left", "cut"]),
    duration=TIMES,
    problems=st.lists(NAMES, max_size=2).map(tuple),
    redactions=st.lists(st.builds(Redaction, NAMES, NAMES, NAMES), max_size=2).map(tuple),
)


def places(value: dict[str, Any]) -> list[tuple[Any, Any]]:
    """List every place in a JSON object as (its container, its key or index there)."""
    found: list[tuple[Any, Any]] = [(value, name) for name in value]
    for where, name in found:
        inner = where[name]
        if isinstance(inner, dict | list):
            found += [(inner, key) for key in (inner if isinstance(inner, dict) else range(len(inner)))]
    return found
