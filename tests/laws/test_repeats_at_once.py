"""A call that repeats another one, and is shown at once, gives the lines, spans and counts that its events give.

The bytes of several connections go through taps into the service, whose backlog passes events on now and then. The same
events, one by one, go into a pipeline that holds nothing and remembers no call.
"""

import itertools
import json
from dataclasses import dataclass, field

import pytest
from capture_strategies import SLOW
from hypothesis import example, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from service_backlog import show_in_the_service

from apispy.app.otlp import OtlpExport, Settings
from apispy.app.otlp.encoding import traces
from apispy.outputs import Console, Summary
from apispy.outputs.base import DecodedCall, Output
from apispy.outputs.metrics import Figures, Metrics
from apispy.pipeline import Pipeline
from apispy.redaction import Policy, Redactor, parse
from apispy.redaction.tokens import Tokens
from apispy.tap import ConnectionTap, Event

SECRET = "hunter2-planted-9"
HEAD = "Host: d\r\nUser-Agent: Docker-Client/28.2.2 (linux)\r\n"
DATES = ("Sun, 29 Nov 2026 12:00:00 GMT", "Sun, 29 Nov 2026 12:00:01 GMT", f"Sun, {SECRET}")


def request(line: str, body: bytes = b"", more: str = "") -> bytes:
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{line} HTTP/1.1\r\n{HEAD}{more}{length}\r\n".encode() + body


def response(
    body: bytes, status: str = "200 OK", kind: str = "application/json", date: str = DATES[0]
) -> bytes:
    head = f"HTTP/1.1 {status}\r\nDate: {date}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


PING, PONG = request("GET /_ping"), response(b"OK", kind="text/plain")
LIST = request("GET /v1.41/containers/json")
WEB = json.dumps([{"Id": "1" * 64, "Names": ["/web"]}]).encode()
TEACHING = json.dumps({"Id": "1" * 64, "Name": "/db", "Config": {"Env": [f"DB_PASSWORD={SECRET}"]}}).encode()
INSPECT = request("GET /v1.41/containers/web/json")
SAID = json.dumps({"message": f"no: {SECRET}"}).encode()
CREATE = json.dumps({"Image": "alpine:3", "Env": [f"API_TOKEN={SECRET}"]}).encode()
STREAM = (
    "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n"
    "Transfer-Encoding: chunked\r\n\r\n"
)
FRAMES = b"a\r\n\x01\0\0\0\0\0\0\x02hi\r\n0\r\n\r\n"
UPGRADED = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n\x01\0\0\0\0\0\0\x02hi"

Step = tuple[str, bytes]
"""Who sends ("c": the client, "d": the daemon, "end": nobody, the connection ends), and what."""


def call(*sent: bytes) -> list[Step]:
    return [("c" if number % 2 == 0 else "d", data) for number, data in enumerate(sent)]


CALLS: tuple[list[Step], ...] = (
    *[call(PING, PONG)] * 6,
    *(call(PING, response(b"OK", kind="text/plain", date=date)) for date in DATES[1:]),
    call(PING.replace(b"28.2.2", b"27.0.0"), PONG),
    call(PING, PONG.replace(b"200 OK", b"200 Fine")),
    call(PING, PONG.replace(b"OK", b"no").replace(b"200 no", b"200 OK")),
    call(PING.replace(b"GET", b"HEAD"), PONG[:-2]),
    *[call(LIST, response(WEB))] * 3,
    call(LIST, response(WEB.replace(b"web", b"other"))),
    call(LIST, response(WEB)[:-4], b"", response(WEB)[-4:]),
    call(INSPECT, response(TEACHING)),
    *[call(INSPECT, response(SAID, "404 Not Found"))] * 2,
    *[call(INSPECT, response(b'{"Name": "/web"}'))] * 2,
    call(request(f"GET /v1.41/images/json?x={SECRET}"), response(b"[]")),
    *[call(request("GET /v1.41/images/json?x=y", more=f"X-Trace: {SECRET}\r\n"), response(b"[]"))] * 2,
    call(
        request("POST /v1.41/containers/create?name=db", CREATE),
        response(b'{"Id": "%s"}' % (b"2" * 64), "201 Created"),
    ),
    *[call(request("POST /v1.41/containers/web/start"), response(b"", "204 No Content"))] * 2,
    *[
        call(
            request("GET /v1.41/info", more="traceparent: 00-" + "a" * 32 + "-" + "b" * 16 + "-01\r\n"),
            response(b"{}"),
        )
    ]
    * 2,
    call(request("GET /v1.41/containers/web/logs?stdout=1&follow=1"), STREAM.encode(), b"", FRAMES),
    *[call(request("GET /v1.41/containers/web/logs?stdout=1"), STREAM.encode() + FRAMES)] * 2,
    [
        *call(
            request(
                "POST /v1.41/containers/web/attach?stream=1", more="Connection: Upgrade\r\nUpgrade: tcp\r\n"
            ),
            UPGRADED,
        ),
        ("end", b""),
    ],
    call(PING + LIST, PONG + response(WEB)),
    call(PING + PING, PONG, b"", PONG),
    [("c", PING), ("end", b"")],
    [("c", LIST), ("d", response(WEB)[:-4]), ("end", b"")],
    [*call(PING, b"nonsense\r\n\r\n"), ("end", b"")],
    call(request("GET /v1.41/nonsense"), response(b"\xff" * 20_000, kind="text/plain")),
)


class Heads(Output):
    """Asks for heads, so that nothing is held or taken at once."""

    @property
    def takes_heads(self) -> bool:
        return True


class Readings(Output):
    """Collects everything that outputs get of finished calls."""

    def __init__(self) -> None:
        self.found: list[DecodedCall] = []

    def write(self, decoded: DecodedCall) -> None:
        self.found.append(decoded)


@dataclass
class Shown:
    """What a session shows and sends."""

    text: list[str] = field(default_factory=list)
    metrics: Metrics = field(default_factory=Metrics)
    sent: list[tuple[str, Span]] = field(default_factory=list)
    figures: Figures | None = None
    hidden: dict[str, int] = field(default_factory=dict)
    readings: Readings = field(default_factory=Readings)

    def pipeline(self, rules: tuple[str, ...], *more: Output) -> Pipeline:
        self._export = OtlpExport(Settings("http", "127.0.0.1", 1), self.metrics)
        self._redactor = Redactor(Policy(rules=parse(rules)), Tokens(b"k" * 32))
        console, summary = Console(self.text.append), Summary(self.text.append)
        outputs = [console, summary, self.metrics, self._export, self.readings, *more]
        return Pipeline(outputs, redactor=self._redactor, clock=lambda: 2e9)

    def end(self, pipeline: Pipeline) -> "Shown":
        pipeline.close()
        while batch := self._export._sender._next_batch():
            for of_resource in ExportTraceServiceRequest.FromString(traces(batch)).resource_spans:
                resource = str(of_resource.resource)
                self.sent += [(resource, span) for scope in of_resource.scope_spans for span in scope.spans]
        self.sent.sort(key=lambda sent: sent[1].start_time_unix_nano)  # repeats are sent together
        self.figures, self.hidden = self.metrics.figures(), self._redactor.report()
        return self


class Taps:
    """Makes events of the steps of several connections."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._connections = itertools.count(1)
        self._clock = itertools.count(1)
        self._taps: dict[int, ConnectionTap] = {}

    def events(self, connection: int, step: Step) -> list[Event]:
        at, (side, data) = 1e9 + next(self._clock) / 1000, step
        tap = self._taps.get(connection)
        if tap is None:
            client = "docker (pid 7)" if connection else f"10.0.0.1:{next(self._connections)}"
            tap = self._taps[connection] = ConnectionTap(
                next(self._connections), client, "tcp://h:1", lambda: next(self._numbers)
            )
        if side == "end":
            del self._taps[connection]
            return tap.lost(at)
        return (tap.from_client if side == "c" else tap.from_server)(data, at) if data else []


def by_events(steps: list[tuple[int, Step]], rules: tuple[str, ...]) -> Shown:
    shown, taps = Shown(), Taps()
    pipeline = shown.pipeline(rules, Heads())
    for connection, step in steps:
        for event in taps.events(connection, step):
            pipeline.feed(event)
    return shown.end(pipeline)


def in_the_service(steps: list[tuple[int, Step]], passed: list[int], rules: tuple[str, ...]) -> Shown:
    """Show the session as the proxy does. *passed*: how many events the backlog passes on after each step."""
    shown, taps = Shown(), Taps()
    pipeline = shown.pipeline(rules)
    show_in_the_service(pipeline, (taps.events(connection, step) for connection, step in steps), passed)
    return shown.end(pipeline)


def in_order(calls: list[tuple[int, list[Step]]], turns: list[int]) -> list[tuple[int, Step]]:
    """The steps of calls on connections; those of a connection are in order. *turns*: whose step is next."""
    waiting: dict[int, list[Step]] = {}
    for connection, steps in calls:
        waiting.setdefault(connection, []).extend(steps)
    found = []
    if not turns:
        return [(connection, step) for connection, steps in calls for step in steps]
    for turn in itertools.cycle(turns):
        left = [connection for connection, steps in waiting.items() if steps]
        if not left:
            return found
        connection = left[turn % len(left)]
        found.append((connection, waiting[connection].pop(0)))
    return found


SESSIONS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(CALLS)), min_size=2, max_size=14)
TURNS = st.just([]) | st.lists(st.integers(0, 2), min_size=1, max_size=9)
PASSED = st.sampled_from([[99], [99], [1], [0], [0, 0, 0, 99], [2, 0, 9]])
RULES = st.sampled_from([(), (), (), ("json:$.Id",)])

PINGS = [(0, call(PING, PONG))] * 4
LISTS = [(0, call(LIST, response(WEB)))] * 4
CUT_LIST = [*call(LIST, response(WEB)[:-4]), ("end", b"")]


@given(SESSIONS, TURNS, PASSED, RULES)
@settings(SLOW, max_examples=150)
@example(PINGS, [], [99], ())
@example(LISTS, [], [99], ("json:$[*].Id",))
@example([(0, CUT_LIST)], [], [99], ("json:$.Id",))
@example(
    [
        (0, call(INSPECT, response(SAID))),
        *PINGS,
        (0, call(INSPECT, response(TEACHING))),
        (0, call(INSPECT, response(SAID))),
    ],
    [],
    [99],
    (),
)
@example([*PINGS, (0, call(request("GET /v1.41/info"), response(b"{}"))), *PINGS], [], [0], ())
@example(
    [*PINGS, (0, call(PING, PONG)), (1, call(PING, PONG))], [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1], [99], ()
)
def test_what_is_shown_and_sent_is_that_of_the_events(
    calls: list[tuple[int, list[Step]]], turns: list[int], passed: list[int], rules: tuple[str, ...]
) -> None:
    steps = in_order(calls, turns)
    expected, found = by_events(steps, rules), in_the_service(steps, passed, rules)
    assert found.text == expected.text
    assert found.readings.found == expected.readings.found
    assert found.sent == expected.sent
    assert found.figures == expected.figures
    assert found.hidden == expected.hidden


CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n"
)
HEAD_PING = PING.replace(b"GET", b"HEAD")
UPDATE = request("POST /v1.41/containers/web/update", b'{"a": 1}')
START = [(0, call(LIST, response(WEB)))]


@pytest.mark.parametrize(
    ("usual", "other"),
    [
        (call(PING, PONG), call(PING.replace(b"28.2.2", b"27.0.0"), PONG)),
        (call(PING, PONG), call(PING, PONG.replace(b"Content-Type", b"content-type"))),
        (call(PING, response(b"[1]")), call(PING, response(b"[2]"))),
        (call(UPDATE, response(b"{}")), call(UPDATE.replace(b"1}", b"2}"), response(b"{}"))),
        (call(LIST, CHUNKED + b"0\r\n\r\n"), [*call(LIST, CHUNKED), ("end", b"")]),
        (call(HEAD_PING, PONG[:-2]), [*call(HEAD_PING, PONG), ("end", b"")]),
        (call(INSPECT, response(SAID, "404 Not Found")), call(INSPECT, response(TEACHING))),
    ],
    ids=["request's head", "response's head", "response", "request", "cut", "problem", "secret"],
)
def test_a_call_that_differs_in_one_thing_is_no_repeat(usual: list[Step], other: list[Step]) -> None:
    calls = [*START, *[(1, usual)] * 4, (1, other), (2, usual), (2, usual)]
    steps = in_order(calls, [])
    expected, found = by_events(steps, ()), in_the_service(steps, [99], ())
    assert found.readings.found == expected.readings.found
    assert (found.text, found.sent, found.figures) == (expected.text, expected.sent, expected.figures)
