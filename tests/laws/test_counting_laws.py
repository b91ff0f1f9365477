"""A law of the pipeline that only counts: its table is that of the whole way, as long as no body is damaged."""

from capture_strategies import SLOW
from hypothesis import given
from hypothesis import strategies as st

from apispy.outputs import Summary
from apispy.pipeline import CountOnlyPipeline, Pipeline
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
}
STATUSES = st.sampled_from([200, 200, 201, 204, 304, 404, 500])
Exchanged = tuple[str, bytes, int, bytes]
CALLS = st.lists(
    st.sampled_from([(target, said) for target, answers in ANSWERS.items() for said in answers]).flatmap(
        lambda pair: st.tuples(st.just(pair[0]), st.sampled_from(JSON), STATUSES, st.just(pair[1]))
    ),
    min_size=1,
    max_size=5,
)


def wire(call: Exchanged) -> tuple[bytes, bytes]:
    line, sent, status, said = call
    question = f"{line} HTTP/1.1\r\nHost: d\r\nContent-Length: {len(sent)}\r\n\r\n".encode() + sent
    said = b"" if status in (204, 304) or line.startswith("HEAD") else said
    answer = f"HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {len(said)}\r\n\r\n"
    return question, answer.encode() + said


@given(CALLS, st.integers(0, 400), st.sampled_from(["lost", "left", "open"]))
@SLOW
def test_the_counts_are_those_of_the_whole_way(calls: list[Exchanged], stop: int, end: str) -> None:
    """The last answer stops anywhere, and so does the connection."""
    told: list[list[str]] = []
    for counts_only in (False, True):
        texts: list[str] = []
        summary = Summary(texts.append)
        pipeline = CountOnlyPipeline(summary, clock=lambda: 99.0) if counts_only else whole(summary)
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
        pipeline.close()
        told.append("".join(texts).partition("hidden:")[0].splitlines())
    assert told[1] == told[0]


def whole(summary: Summary) -> Pipeline:
    return Pipeline([summary], notes="off", clock=lambda: 99.0)
