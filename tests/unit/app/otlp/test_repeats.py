"""Spans of calls that repeat each other: kept as numbers, encoded by the thread that sends. The receiver is real."""

from collections import Counter
from collections.abc import Iterator

import pytest

from apispy.app.otlp import sender as module
from apispy.app.otlp.encoding import encoded, traces
from apispy.app.otlp.http_transport import HttpTransport
from apispy.app.otlp.repeats import MAX_BYTES, MAX_MEMORY, MAX_RECORDS, RECORD, RepeatedCall, Repeats
from apispy.app.otlp.sender import OVERHEAD, Sender
from apispy.app.otlp.settings import Settings
from apispy.outputs.exports.otlp_protobuf import encode
from apispy.outputs.exports.otlp_spans import RepeatedSpan, SharedFields
from apispy.structs import replace
from tests.otlp_receiver import Receiver, http_receiver
from tests.unit.outputs.decoded_calls import exchange

METRICS = encode("Metrics", {"resourceMetrics": [{"scopeMetrics": [{}]}]})
PING = exchange("GET /_ping", answer=b"OK")
RUN = MAX_MEMORY + OVERHEAD
"""Bytes that repeats of a call take."""


def call(name: str = "ping", size: int = 100) -> RepeatedCall:
    return RepeatedCall("u", b"", "ab" * 16, SharedFields({"name": name, "kind": 3, "attributes": []}), size)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(module, "BATCH_DELAY", 0.01)
    with http_receiver() as found:
        yield found


def sender(port: int, said: list[str], limit: int = module.MAX_QUEUED) -> Sender:
    transport = HttpTransport(Settings("http", "127.0.0.1", port))
    return Sender(transport, "the receiver", lambda: METRICS, said.append, limit=limit)


def sizes(sending: Sender) -> list[int]:
    """How many spans the entries of the next batch have."""
    return [1 if isinstance(span, bytes) else len(span) for _, span in sending._next_batch()]


@pytest.mark.parametrize("numbers", [(1, 7), (3, 127), (3, 128), (1 << 40, 1 << 40)])
@pytest.mark.parametrize("duration", [0.25, 0.0, -1.0, 1e13])
@pytest.mark.parametrize("started", [1_700_000_000.25, -5.0, 0.0])
def test_a_repeat_is_encoded_as_its_span_is_alone(
    numbers: tuple[int, int], duration: float, started: float
) -> None:
    connection, number = numbers
    known = call()
    repeats = Repeats(known)
    repeats.records += RECORD.pack(started, connection, number, duration)
    alone = RepeatedSpan(known.trace, started, duration, number, connection, known.shared)
    assert traces([(b"", repeats)]) == traces([(b"", encoded(alone))])


def test_repeats_of_one_call_wait_together_until_they_are_taken() -> None:
    sending, first, second = sender(1, []), call(), call()
    for _ in range(3):
        sending.add_repeat(first, PING)
        sending.add_repeat(second, PING)
        sending.add(b"", b"alone")
    assert sizes(sending) == [3, 3, 1, 1, 1]
    sending.add_repeat(first, PING)
    assert sizes(sending) == [1]
    assert (sending._size, sending._spans, first.waiting) == (0, 0, None)


def test_a_batch_is_bounded_in_spans_and_bytes() -> None:
    sending, small, large = sender(1, []), call(), call(size=MAX_BYTES // 2)
    for _ in range(2 * module.MAX_BATCH_SPANS):
        sending.add_repeat(small, PING)
    assert sizes(sending) == [MAX_RECORDS] * (module.MAX_BATCH_SPANS // MAX_RECORDS)
    assert sizes(sending) == [MAX_RECORDS] * (module.MAX_BATCH_SPANS // MAX_RECORDS)
    for _ in range(5):
        sending.add_repeat(large, PING)
    assert [sizes(sending) for _ in range(4)] == [[2], [2], [1], []]
    sending.add_repeat(call(size=10 * MAX_BYTES), PING)
    assert sizes(sending) == [1]


def test_what_has_no_room_is_dropped_and_counted() -> None:
    said: list[str] = []
    sending, first = sender(1, said, limit=2 * RUN), call()
    for _ in range(2 * MAX_RECORDS + 3):
        sending.add_repeat(first, PING)
    sending.add_repeat(call(), PING)
    assert said == ["otlp: spans are dropped: more come than the receiver takes. The traffic continues"]
    assert sending.close(1) == [
        "otlp: 4 spans were dropped, because more came than could be sent",
        "otlp: 256 spans were not sent, because the receiver was not reached",
    ]


def test_each_arrives_once_while_others_come(receiver: Receiver) -> None:
    sending = sender(receiver.port, [])
    sending.start()
    calls = [call(f"{name}") for name in range(5)]
    for number in range(20_000):
        sending.add_repeat(calls[number * 7 % 5], replace(PING, id=number, connection=number % 3))
    assert sending.close(60) == []
    assert Counter(one.attributes["docker.call"] for one in receiver.spans) == Counter(range(20_000))
