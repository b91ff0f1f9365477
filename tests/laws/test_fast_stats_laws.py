"""Laws of the quick look at a saved exchange: it refuses what the whole look refuses, and tells the same figures."""

import json
import re
from pathlib import Path

import pytest
from capture_strategies import EXCHANGES, JSON_BODIES, SLOW, places
from hypothesis import assume, example, given
from hypothesis import strategies as st
from stream_strategies import streams

from apispy import json_codec
from apispy.capture.exchange_summary import (
    ExchangeSummary,
    summarize,
    summarize_exchange,
    summarize_usual,
)
from apispy.capture.format import from_json
from apispy.capture.lines import encode_line, read_line, read_summary
from apispy.capture.typed_line import read_typed
from apispy.capture.validation import Malformed
from apispy.learn import NameRegistry
from apispy.model import Body, Chunk, Exchange, Headers, Request, Response, Tunnel
from apispy.outputs.call_stats import stats_of
from apispy.pipeline import fast_stats_of, read
from apispy.structs import replace

OF_CONTENT = (".content", ".tail", ": expected lengths that add up to")
"""What the whole look says of the content of a body, which the quick one does not look at."""


@given(EXCHANGES)
@SLOW
def test_a_gist_holds_what_the_exchange_holds(exchange: Exchange) -> None:
    line = encode_line(exchange)
    summary = summarize(json_codec.read(line))
    assert summarized(line) == replace(summary, saved=None)
    tunnel = exchange.tunnel or Tunnel("")
    response = exchange.response or Response(0)
    assert (summary.method, summary.target) == (exchange.request.method, exchange.request.target)
    assert (summary.started, summary.duration, summary.end) == (
        exchange.started,
        exchange.duration,
        exchange.end,
    )
    assert summary.status == (exchange.response and response.status)
    assert summary.response_at == response.at
    assert summary.sent == exchange.request.body.size + tunnel.to_server.size
    assert summary.received == response.body.size + tunnel.to_client.size
    assert summary.exchange() == exchange


@given(EXCHANGES, st.data())
@SLOW
def test_it_refuses_what_the_whole_look_refuses(exchange: Exchange, data: st.DataObject) -> None:
    """With the same words: one value of a real line is exchanged for another, or taken away."""
    value = json_codec.read(encode_line(exchange))
    where, name = data.draw(st.sampled_from(places(value)))
    if data.draw(st.booleans()):
        del where[name]
    else:
        where[name] = data.draw(
            JSON_BODIES | st.sampled_from([1 << 80, -1, 1e308, {"$bytes": 1}, "é", "€", [1, 2], ["a", "b"]])
        )
    line = json.dumps(value).encode() + b"\n"
    for whole, quick in (
        (refused(from_json, value), refused(summarize, value)),
        (refused(read_exchange, line), refused(read_summary_of, line)),
    ):
        assert whole == quick or (not quick and any(part in whole for part in OF_CONTENT))
    if not quick:
        assert summarized(line) == replace(summarize(value), saved=None)


@pytest.mark.parametrize("empty", ["", {}, 0, False, None])
@pytest.mark.parametrize(
    "place", ["problems", "redactions", "request.headers", "request.body.chunks", "request.body.seen"]
)
def test_what_is_empty_and_no_list_is_refused(place: str, empty: object) -> None:
    plain = Exchange(1, 1, 1e9, "c", "u", Request("GET", "/info"), Response(200), end="complete")
    value = json_codec.read(encode_line(plain))
    *way, name = place.split(".")
    holder = value
    for part in way:
        holder = holder[part]
    holder[name] = empty
    assert refused(from_json, value) == refused(summarize, value) != ""
    assert refused(read_summary_of, json.dumps(value).encode()) == refused(summarize, value)


def read_summary_of(line: bytes) -> ExchangeSummary:
    """The summary of a line of a capture, as statistics read it."""
    found = read_summary(line, 1)
    assert isinstance(found, ExchangeSummary)
    return found


def read_exchange(line: bytes) -> Exchange:
    found = read_line(line, 1)
    assert isinstance(found, Exchange)
    return found


def summarized(line: bytes) -> ExchangeSummary:
    return replace(read_summary_of(line), saved=None)


PLAIN = encode_line(
    Exchange(
        1, 1, 1e9, "c", "u", Request("GET", "/info"), Response(200, body=Body((Chunk(0.5, b'{"a":1}'),), 7))
    )
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"exchange": 1', b'"exchange": 0'),
        (b'"exchange": 1', b'"exchange": true'),
        (b'"started": 1000000000.0', b'"started": -1'),
        (b'"started": 1000000000.0', b'"started": NaN'),
        (b'"started": 1000000000.0', b'"started": 1e300'),
        (b'"end": "open"', b'"end": "opened"'),
        (b'"headers": []', b'"headers": [["a", "\\u20ac"]]'),
        (b'"headers": []', b'"headers": ["ab"]'),
        (b'"headers": []', b'"headers": [{"a": 1, "b": 2}]'),
        (b'"encoding": "json"', b'"encoding": "text"'),
        (b'"encoding": "json", ', b""),
        (b'"content": {"a":1}', b'"content": {"a":01}'),
        (b'"content": {"a":1}', b'"content": {"a":NaN}'),
        (b'"content": {"a":1}', b'"content": {"a":"\xff"}'),
        (b'"tunnel": null', b'"tunnel": {}'),
        (b'"tunnel": null', b'"tunnel": null, "capture": "apispy"'),
        (b'"tunnel": null', b'"tunnel": null, "capture": null'),
        (b'"size": 7', b'"size": 7.5'),
        (b'"size": 7', b'"size": 7, "seen": 1'),
        (b'"size": 7', b'"size": 7, "trailers": [["a"]]'),
        (b'"status": 200', b'"status": "200"'),
        (b'"status": 200', b'"status": 9999999999999999999999'),
    ],
)
def test_a_wrong_field_is_refused_with_the_same_words(old: bytes, new: bytes) -> None:
    line = PLAIN.replace(old, new)
    assert line != PLAIN
    assert refused(read_summary_of, line) == refused(read_exchange, line) != ""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"started": 1000000000.0', b'"started": 1000000000'),
        (b'"started": 1000000000.0', b'"started": 1e9'),
        (b'"headers": []', b'"headers": [["a", "\\u00e9"]]'),
        (b'"size": 7', b'"size": 7, "trailers": []'),
        (b'"size": 7', b'"size": 7, "unknown": [{}]'),
        (b'"size": 7', b'"size": 8, "size": 7'),
        (b'"ended_at": null', b'"ended_at": 5e-05'),
    ],
)
def test_an_unusual_field_is_read(old: bytes, new: bytes) -> None:
    line = PLAIN.replace(old, new)
    assert line != PLAIN
    assert summarized(line) == replace(summarize_exchange(read_exchange(line)), saved=None)


EXPONENT = re.compile(rb"\de[+-]?\d")


@given(EXCHANGES)
@SLOW
@example(Exchange(1, 1, 1.0, "c", "u", Request("GET", "/", body=Body((Chunk(0.0, b'{"":1e+16}'),), 10))))
def test_a_line_that_is_read_by_its_types_gives_the_exchange_of_the_whole_look(exchange: Exchange) -> None:
    line = encode_line(exchange)
    typed = read_typed(line)
    assert typed in (None, from_json(json_codec.read(line)))
    if typed is None:
        # What makes it rare: messages that were decoded, and numbers that msgspec writes otherwise.
        assert any(body.seen or EXPONENT.search(body.data) for body in exchange.streams.values())


def test_most_lines_are_read_by_their_types_and_their_bodies_not_parsed_for_statistics() -> None:
    samples = Path(__file__).parents[2] / "samples"
    lines = [line for path in samples.glob("*.jsonl") for line in path.read_bytes().splitlines()[1:]]
    calls = [line for line in lines if b'"exchange"' in line]
    plain = [line for line in calls if b'"tunnel": null' in line]
    assert sum(summarize_usual(line) is not None for line in plain) > 0.95 * len(plain) > 100
    kept = [line for line in calls if b'"seen"' not in line]
    assert sum(read_typed(line) is not None for line in kept) > 0.95 * len(kept) > 100


def refused(look, value) -> str:
    try:
        look(value)
    except Malformed as error:
        return str(error)
    return ""


TARGETS = (
    "POST /images/create?fromImage=a",
    "POST /containers/web/wait",
    "GET /containers/web/logs",
    "POST /containers/web/attach",
    "POST /exec/e/start",
    "GET /events",
    "GET /containers/web/stats",
    "POST /build",
    "GET /containers/web/attach/ws",
    "POST /session",
    "POST /images/load",
)
TYPES = st.sampled_from(
    [
        "application/json",
        "application/vnd.docker.raw-stream",
        "application/vnd.docker.multiplexed-stream",
        "application/x-tar",
        "text/plain",
        "application/json-seq",
        "",
    ]
)
ANSWERS = (
    b'{"stream":"a"}\r\n{"errorDetail":{"message":"no"},"error":"no"}\r\n',
    b'{"Error":{"Message":"gone"},"StatusCode":1}\n',
    b'{"Error":null,"StatusCode":0}\n',
    b'{"error":"no"}',
    b"\x01\0\0\0\0\0\0\x02hi\x03\0\0\0\0\0\0\x03bad",
    b"\x01\0\0\0\0\0\0\x02hi\x02\0\0\0\0\0\0\x03err",
    b"\x01\0\0\0\0\0\0\x09hi",
    b"\x01\0\0\0\0\0\0\x2aOCI runtime exec failed: no such program\r\n",
    b"OCI runtime exec failed: no such program\r\n",
    b"",
)
FORMATS = ("progress", "events", "stats", "stdio", "json", "websocket")
CONTENTS = st.one_of(st.sampled_from(ANSWERS), st.binary(max_size=40), *map(streams, FORMATS))


def body(data: bytes, cut: int) -> Body:
    return Body((Chunk(0.5, data),) if data else (), len(data) + cut, ended_at=0.5)


@given(
    st.sampled_from(TARGETS),
    TYPES,
    CONTENTS,
    st.none() | CONTENTS,
    st.sampled_from([0, 0, 7]),
    st.sampled_from(["complete", "left", "cut", "open"]),
    st.booleans(),
)
@SLOW
@example("POST /exec/e/start", "", b"", b'{"a":1}', 0, "complete", False)
@example("GET /containers/web/attach/ws", "", b'{"a":1}', None, 0, "complete", False)
@example("POST /session", "application/json", ANSWERS[0], None, 7, "complete", True)  # found by the law
@example("GET /events", "application/json", b"[1]\n[2]\n", None, 0, "complete", False)
@example("GET /events", "application/json", b'{"a":NaN}', None, 0, "complete", False)
@example("GET /events", "application/json", b'{"a":\n1}', None, 0, "complete", False)
def test_a_glance_tells_the_figures_of_the_whole_look(
    line: str, kind: str, answer: bytes, tunnel: bytes | None, cut: int, end: str, packed: bool
) -> None:
    method, target = line.split()
    fields = ((b"Content-Type", kind.encode()),) if kind else ()
    fields += ((b"Content-Encoding", b"gzip"),) if packed else ()
    plain = Exchange(1, 1, 1e9, "c", "u", Request(method, target), end="open", duration=2.0)
    response = Response(200, headers=Headers(fields), body=body(answer, cut), at=1.0)
    exchange = replace(plain, response=response, end=end)
    if tunnel is not None:
        exchange = replace(exchange, tunnel=Tunnel("tcp", body(b"x", 0), body(tunnel, cut)))
    assume(len(answer) < 5000)
    assert fast_stats_of(summarize(json_codec.read(encode_line(exchange)))) == stats_of(
        read(exchange, NameRegistry())
    )
