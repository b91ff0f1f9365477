"""A capture is shown as it was live: connections that take turns in any way, calls decoded at once or from the backlog,
bytes in any pieces, and a clock that stands still.
"""

import base64
import json
import tempfile
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from service_backlog import show_in_the_service
from stream_strategies import frame

from apispy.capture import Header, Notice, Writer, play
from apispy.outputs import Console, DecodedCall, Output
from apispy.pipeline import Pipeline
from apispy.tap import CLIENT_LEFT, ConnectionTap, Event
from apispy.tap.clock import Clock
from tests.h2_peer import Peers
from tests.protobuf_writer import pb
from tests.unit.tap.conversations import Step, c, s

JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"


def request(line: str, *fields: str, body: bytes = b"") -> Step:
    length = [f"Content-Length: {len(body)}"] if body else []
    return c("\r\n".join([f"{line} HTTP/1.1", "Host: d", *fields, *length, "", ""]).encode() + body)


def response(status: str, *fields: str, body: bytes = b"") -> Step:
    length = [] if status.startswith("1") or CHUNKED in fields else [f"Content-Length: {len(body)}"]
    return s("\r\n".join([f"HTTP/1.1 {status}", *fields, *length, "", ""]).encode() + body)


def chunk(data: bytes) -> Step:
    return s(b"%x\r\n%b\r\n" % (len(data), data))


def answered(line: str, value: object = None, *, body: bytes = b"") -> list[Step]:
    data = b"OK" if value is None else json.dumps(value).encode()
    return [request(line, JSON, body=body), response("200 OK", JSON, body=data)]


def session() -> tuple[list[Step], list[Step], list[Step]]:
    """A build's session: how it begins, what the daemon sends, and what the client sends."""
    begins = [
        request("POST /session", "Connection: Upgrade", "Upgrade: h2c", "X-Docker-Expose-Session-Name: web"),
        response("101 Switching Protocols", "Connection: Upgrade", "Upgrade: h2c"),
    ]
    peers, asked, replied = Peers(), list[Step](), list[Step]()

    def deliver() -> None:
        from_daemon, from_client = peers.exchange()
        asked.extend([s(from_daemon)] if from_daemon else [])
        replied.extend([c(from_client)] if from_client else [])

    deliver()
    for number in range(3):
        copied = peers.call("/moby.filesync.v1.FileSync/DiffCopy", pb({1: 2}))
        checked = peers.call("/grpc.health.v1.Health/Check", b"")
        deliver()
        peers.answer(checked, pb({1: 1}))
        deliver()
        peers.answer(copied, pb({1: 1, 4: b"data"}), pb({1: 2}), status=number)
        deliver()
    return begins, asked, replied


def traced(*vertexes: dict[int, str]) -> Step:
    """A chunk of a build's progress."""
    trace = base64.b64encode(b"".join(pb({1: vertex}) for vertex in vertexes)).decode()
    return chunk(json.dumps({"id": "moby.buildkit.trace", "aux": trace}).encode() + b"\r\n")


def happened(action: str) -> Step:
    """A chunk of the daemon's events."""
    actor = {"ID": WEB, "Attributes": {"name": "web"}}
    event = {"Type": "container", "Action": action, "Actor": actor, "time": 1}
    return chunk(json.dumps(event).encode() + b"\n")


WEB = "1" * 64
PASSWORD = ["PASSWORD=zq-planted"]
BUILD = [
    request("POST /v1.41/build?version=2&remote=client-session"),
    response("200 OK", JSON, CHUNKED),
    traced({1: "sha256:1", 3: "[1/2] FROM web"}),
    traced({1: "sha256:2", 2: "sha256:1", 3: "[2/2] RUN echo"}),
    chunk(b'{"stream":"PASSWORD=zq-planted\\n"}\r\n{"stream":"do'),
    chunk(b'ne\\n"}\r\n'),
    s(b"0\r\n\r\n"),
]
LISTED = [*answered("GET /_ping"), *answered("GET /v1.41/containers/json", [{"Id": WEB, "Names": ["/web"]}])]
POLLING = [step for _ in range(4) for step in LISTED]
CREATED = b'{"Image":"bb","Env":["PASSWORD=zq-planted"]}'
TEACHING = [
    *answered("POST /v1.41/containers/create?name=web", {"Id": WEB, "Warnings": []}, body=CREATED),
    *answered("GET /v1.41/containers/web/json", {"Id": WEB, "Name": "/web", "Config": {"Env": PASSWORD}}),
    *answered("POST /v1.41/containers/web/wait", {"StatusCode": 0}),
    *answered("GET /_ping"),
]
EVENTS = [
    request("GET /v1.41/events"),
    response("200 OK", JSON, CHUNKED),
    *map(happened, ("create", "start", "exec_create: env PASSWORD=zq-planted true", "die")),
    s(b""),
]
ATTACHED = b'{"Cmd":["cat"],"AttachStdin":true,"AttachStdout":true}'
UPGRADE = ("Connection: Upgrade", "Upgrade: tcp")
EXEC = [
    *answered("POST /v1.41/containers/web/exec", {"Id": "2" * 64}, body=ATTACHED),
    request(f"POST /v1.41/exec/{'2' * 64}/start", *UPGRADE, JSON, body=b'{"Tty":false}'),
    response("101 UPGRADED", *UPGRADE),
    c(b"one\ntw"),
    c(b"o\n"),
    s(frame(1, b"one\n")),
    s(frame(2, b"two\nthr")),
    c(b""),
    s(b""),
]


LOG = [
    request("GET /v1.41/containers/web/logs?stdout=1&follow=1"),
    response("200 OK", "Content-Type: application/vnd.docker.multiplexed-stream", CHUNKED),
    chunk(frame(1, b"one\nis zq-planted\n") + frame(2, b"er")),
    chunk(frame(2, b"ror\n")),
    s(b"0\r\n\r\n"),
]
PULL = [
    request("POST /v1.41/images/create?fromImage=a&tag=1"),
    response("200 OK", JSON, CHUNKED),
    chunk(b'{"status":"Pulling from a"}\r\n{"status":"Downloading","progressDetail":{"current":1},"id":"x"}'),
    chunk(b'\r\n{"errorDetail":{"message":"no zq-planted"},"error":"no zq-planted"}\r\n'),
    s(b"0\r\n\r\n"),
]
PIPELINED = [
    c(b"".join(request(f"GET /v1.41/{what}/json").data for what in ("containers", "images"))),
    s(b"".join(response("200 OK", JSON, body=b"[]").data for _ in range(2))),
]
NONSENSE = [*answered("GET /_ping"), c(b"\x16\x03\x01"), s(b"nonsense")]


def native() -> list[Step]:
    """A connection in HTTP/2, with calls that overlap."""
    peers, steps = Peers(), list[Step]()

    def deliver() -> None:
        from_client, from_daemon = peers.exchange()
        steps.extend([c(from_client)] if from_client else [])
        steps.extend([s(from_daemon)] if from_daemon else [])

    events = peers.request("GET", "/v1.41/events")
    deliver()
    peers.server.send_headers(events, [(":status", "200"), ("content-type", "application/json")])
    listed, pinged = peers.request("GET", "/v1.41/containers/json"), peers.request("GET", "/_ping")
    deliver()
    peers.respond(pinged, b"OK")
    peers.server.send_data(events, b'{"Type":"network","Action":"prune","Actor":{},"time":1}\n')
    deliver()
    peers.respond(listed, b"[]")
    created = peers.request(
        "POST", "/v1.41/containers/create?name=web", CREATED, [("content-type", "application/json")]
    )
    deliver()
    peers.respond(created, b'{"Id":"%b"}' % WEB.encode(), 201)
    peers.server.end_stream(events)
    deliver()
    return steps


TAPES = [BUILD, POLLING, TEACHING, EVENTS, EXEC, LOG, PULL, PIPELINED, NONSENSE, native()]


@st.composite
def interleaved(draw: st.DrawFn, parts: Sequence[Sequence[object]]) -> list[object]:
    """The items of all *parts*, each part in its order."""
    order = draw(st.permutations([number for number, part in enumerate(parts) for _ in part]))
    left = [iter(part) for part in parts]
    return [next(left[number]) for number in order]


@st.composite
def conversations(draw: st.DrawFn) -> list[tuple[int, Step]]:
    """What is read from several connections, in order; a step may come in two reads."""
    begins, asked, replied = session()
    ends: list[Step] = [draw(st.sampled_from([c(b""), s(b"")]))]
    tapes: list[list[Step]] = [[*begins, *draw(interleaved([asked, replied])), *ends]]  # type: ignore[list-item]
    tapes += draw(st.lists(st.sampled_from(TAPES), min_size=1, max_size=5))
    cuts = draw(st.lists(st.integers(0, 400), max_size=20))
    numbered = [[(number, step) for step in tape] for number, tape in enumerate(tapes)]
    reads = list[tuple[int, Step]]()
    for at, (number, step) in enumerate(draw(interleaved(numbered))):  # type: ignore[misc]
        cut = cuts[at] if at < len(cuts) else 0
        pieces = [piece for piece in (step.data[:cut], step.data[cut:]) if piece] or [step.data]
        reads += [(number, Step(step.client, piece)) for piece in pieces]
    return reads


class Kept(Output):
    """Saves each call when it ends, as a capture does."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def write(self, decoded: DecodedCall) -> None:
        self._writer.exchange(decoded.exchange)

    def notice(self, text: str, at: float) -> None:
        self._writer.notice(Notice(at, text))


def events_of(reads: Sequence[tuple[int, Step]], clock: Clock) -> Iterator[list[Event]]:
    """The events of each read, then those of the ends of all connections."""
    numbers = count(1)
    taps = [ConnectionTap(number, f"c{number}", "u", numbers.__next__) for number in range(1, 8)]
    for number, step in reads:
        tap = taps[number]
        if step.data:
            yield (tap.from_client if step.client else tap.from_server)(step.data, clock())
        else:
            yield (tap.client_eof if step.client else tap.server_eof)(clock())
    for tap in taps:
        yield tap.lost(clock(), CLIENT_LEFT)


def live(
    reads: Sequence[tuple[int, Step]],
    passed: Sequence[int],
    times: Sequence[float],
    verbosity: int,
    path: Path,
) -> str:
    """Show the reads as they come, and save them at *path*. *passed*: see show_in_the_service."""
    ticks, text = iter(times), list[str]()
    clock = Clock(lambda: next(ticks, 2e9))
    with Writer(path) as writer:
        writer.header(Header("test", 1.0))
        pipeline = Pipeline([Console(text.append, verbosity=verbosity), Kept(writer)], clock=clock)
        show_in_the_service(pipeline, events_of(reads, clock), passed)
        pipeline.close()
    return "".join(text)


def later(verbosity: int, path: Path) -> str:
    text = list[str]()
    pipeline = Pipeline([Console(text.append, verbosity=verbosity)], clock=lambda: 3e9)
    for item in play(path, on_error=pytest.fail, warn=pytest.fail):
        if isinstance(item, Notice):
            pipeline.notice(item.text, item.at)
        elif not isinstance(item, Header):
            pipeline.feed(item)  # type: ignore[arg-type]
    pipeline.close()
    return "".join(text)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    reads=conversations(),
    passed=st.lists(st.sampled_from([0, 0, 1, 3, 100]), min_size=1, max_size=120),
    times=st.lists(st.sampled_from([1.7e9, 1.7e9 + 1e-6, 1.7e9 + 0.25, 1_796_068_052.992302]), max_size=120),
    verbosity=st.integers(0, 2),
)
def test_as_it_was_live(reads, passed, times, verbosity):
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "calls.jsonl"
        shown = live(reads, passed, times, verbosity, path)
        assert "Session" in shown
        assert later(verbosity, path) == shown
