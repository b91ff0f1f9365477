"""A law of the pipeline that only counts: its table and its metrics are those of the whole way.

It holds as long as no body is damaged. Metrics of the whole way also count the secrets that were hidden.
"""

from capture_strategies import SLOW
from hypothesis import given
from hypothesis import strategies as st

from apispy.outputs import Summary
from apispy.outputs.call_stats import CallCounter
from apispy.outputs.metrics import Figures, Metrics
from apispy.pipeline import CountOnlyPipeline, Pipeline
from apispy.structs import replace
from apispy.tap import ConnectionTap

JSON = (b"", b"null", b'[{"Id":"a"}]', b'{"Id":"a"}')
LINES = (
    *JSON,
    b'{"errorDetail":{"message":"no"},"error":"no"}',
    b'{"Error":{"Message":"gone"},"StatusCode":1}',
)
OUTPUT = (b"", b"\x01\0\0\0\0\0\0\x02hi", b"\x03\0\0\0\0\0\0\x03bad")
ANSWERS = {
    "GET /v1.41/containers/json": JSON,
    "GET /_ping": (b"OK", b""),
    "HEAD /_ping": (b"",),
    "GET /v1.41/nonsense": JSON,
    "BREW /coffee": JSON,
    "GET /containers/web/archive?path=/": (b"", bytes(1024)),
    "GET /containers/web/logs?follow=1": OUTPUT,
    "POST /containers/web/wait": LINES,
    "POST /containers/web/attach?stream=1": OUTPUT,
    "POST /images/create?fromImage=a": LINES,
    "GET /events": LINES,
    "POST /session": (b"", b"hello"),
    "GET /v4.3.1/libpod/_ping": (b"OK",),
}
AGENTS = ("", "Docker-Client/28.2.2 (linux)", "compose/2.40.3", "docker-sdk-python/7.2.0", "curl/8")
STATUSES = st.sampled_from([101, 200, 200, 201, 204, 304, 404, 500])
Exchanged = tuple[str, bytes, int, bytes, str]
CALLS = st.lists(
    st.sampled_from([(target, said) for target, answers in ANSWERS.items() for said in answers]).flatmap(
        lambda pair: st.tuples(
            st.just(pair[0]), st.sampled_from(JSON), STATUSES, st.just(pair[1]), st.sampled_from(AGENTS)
        )
    ),
    min_size=1,
    max_size=5,
)


def wire(call: Exchanged) -> tuple[bytes, bytes]:
    line, sent, status, said, agent = call
    upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n" if status == 101 else ""
    agent = f"User-Agent: {agent}\r\n" if agent else ""
    question = (
        f"{line} HTTP/1.1\r\nHost: d\r\n{agent}{upgrade}Content-Length: {len(sent)}\r\n\r\n".encode() + sent
    )
    if upgrade:
        return question, f"HTTP/1.1 101 x\r\n{upgrade}\r\n".encode() + said
    said = b"" if status in (204, 304) or line.startswith("HEAD") else said
    answer = f"HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {len(said)}\r\n\r\n"
    return question, answer.encode() + said


@given(CALLS, st.integers(0, 400), st.sampled_from(["lost", "left", "open"]))
@SLOW
def test_the_counts_are_those_of_the_whole_way(calls: list[Exchanged], stop: int, end: str) -> None:
    """The last answer stops anywhere, and so does the connection."""
    told: list[tuple[list[str], Figures, Figures]] = []
    for counts_only in (False, True):
        texts: list[str] = []
        counters = [Summary(texts.append), metrics := Metrics()]
        pipeline = CountOnlyPipeline(counters, clock=lambda: 99.0) if counts_only else whole(counters)
        tap = ConnectionTap(1, "c", "u", iter(range(1, 100)).__next__)
        at = 10.0
        for call in calls:
            question, answer = wire(call)
            answer = answer[: len(answer) - stop] if call is calls[-1] else answer
            for events in (tap.from_client(question, at), tap.from_server(answer, at + 0.25)):
                for event in events:
                    pipeline.feed(event)
            at += 1.0
        for event in [] if end == "open" else tap.lost(at) if end == "lost" else tap.server_eof(at):
            pipeline.feed(event)
        before = figures(metrics)
        pipeline.close()
        table = "".join(texts).partition("hidden:")[0].splitlines()
        told.append((table, before, figures(metrics)))
    assert told[1] == told[0]


def whole(counters: list[CallCounter]) -> Pipeline:
    return Pipeline(counters, notes="off", clock=lambda: 99.0)


def figures(metrics: Metrics) -> Figures:
    return replace(metrics.figures(), redactions=0)
