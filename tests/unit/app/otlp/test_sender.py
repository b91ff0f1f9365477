"""The thread that sends: batches, retries, losses, and an end in bounded time. The receiver is real."""

import socket
from collections.abc import Iterator

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from apispy.app.otlp import sender as module
from apispy.app.otlp.encoding import traces
from apispy.app.otlp.http_transport import HttpTransport
from apispy.app.otlp.sender import OVERHEAD, Sender
from apispy.app.otlp.settings import Settings
from apispy.outputs.exports.otlp_protobuf import encode
from tests.otlp_receiver import Receiver, http_receiver

UNAVAILABLE = (503, {}, b"")
BAD = (400, {}, b"")
METRICS = encode("Metrics", {"resourceMetrics": [{"scopeMetrics": [{}]}]})
SPAN = encode("Span", {"name": "x"})


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_DELAY", 0.01)
    monkeypatch.setattr(module, "FIRST_DELAY", 0.01)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with http_receiver() as found:
        yield found


def resource(name: str) -> bytes:
    attributes = [{"key": "service.name", "value": {"stringValue": name}}]
    return encode("ResourceSpans", {"resource": {"attributes": attributes}})


def span(name: str) -> bytes:
    return encode("Span", {"name": name})


def sender(port: int, said: list[str], limit: int = module.MAX_QUEUED) -> Sender:
    transport = HttpTransport(Settings("http", "127.0.0.1", port))
    return Sender(
        transport,
        "the receiver",
        lambda: METRICS,
        said.append,
        limit=limit,
    )


def names(receiver: Receiver) -> list[str]:
    return [one.span.name for one in receiver.spans]


def test_everything_arrives_in_order_and_the_metrics_last(receiver: Receiver) -> None:
    said: list[str] = []
    sending = sender(receiver.port, said)
    sending.start()
    for number in range(2000):
        sending.add(resource("a"), span(str(number)))
    assert sending.close(30) == []
    assert names(receiver) == [str(number) for number in range(2000)]
    assert [path for path, _ in receiver.requests][-1] == "/v1/metrics"
    assert not said


def test_spans_are_sent_before_the_end(receiver: Receiver) -> None:
    sending = sender(receiver.port, [])
    sending.start()
    sending.add(resource("a"), span("1"))
    receiver.wait_for(lambda found: found.spans)
    assert sending.close(30) == []


def test_metrics_are_sent_before_the_end(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "METRICS_INTERVAL", 0.01)
    sending = sender(receiver.port, [])
    sending.start()
    receiver.wait_for(lambda found: len(found.requests) >= 2)
    assert sending.close(30) == []


def test_a_batch_is_bounded(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BATCH", 2500)
    sending = sender(receiver.port, [])
    for _ in range(9):
        sending.add(b"", span("x" * 1000))
    sending.start()
    assert sending.close(30) == []
    assert len(receiver.spans) == 9
    assert [path for path, _ in receiver.requests].count("/v1/traces") == 3


def test_what_more_comes_than_can_wait_is_dropped_and_counted(receiver: Receiver) -> None:
    said: list[str] = []
    sending = sender(receiver.port, said, limit=3 * (len(SPAN) + OVERHEAD))
    for _ in range(10):
        sending.add(b"", SPAN)
    assert said == ["otlp: spans are dropped: more come than the receiver takes. The traffic continues"]
    sending.start()
    assert sending.close(30) == ["otlp: 7 spans were dropped, because more came than could be sent"]
    assert len(receiver.spans) == 3


def test_a_refusal_that_may_pass_is_tried_again_and_said_once(receiver: Receiver) -> None:
    said: list[str] = []
    receiver.answers = [UNAVAILABLE] * 3
    sending = sender(receiver.port, said)
    sending.start()
    sending.add(b"", span("late"))
    receiver.wait_for(lambda found: found.spans)
    assert sending.close(30) == []
    assert names(receiver) == ["late"]
    assert said == [
        "otlp: nothing can be sent to the receiver now: it answers 503 Service Unavailable. "
        "apispy tries again; check the receiver and its address"
    ]


def test_the_receiver_says_when(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    sending = sender(receiver.port, [])
    wait = sending._may_retry
    monkeypatch.setattr(sending, "_may_retry", lambda seconds: waits.append(seconds) or wait(0.0))
    receiver.answers = [(503, {"Retry-After": "7"}, b""), (503, {"Retry-After": "900"}, b"")]
    sending.start()
    sending.add(b"", SPAN)
    receiver.wait_for(lambda found: found.spans)
    sending.close(30)
    assert waits == [7.0, module.MAX_DELAY]


def test_a_refusal_for_good_is_not_tried_again(receiver: Receiver) -> None:
    said: list[str] = []
    receiver.answers = [BAD]
    sending = sender(receiver.port, said)
    sending.start()
    sending.add(b"", span("bad"))
    receiver.wait_for(lambda found: found.requests)
    sending.add(b"", span("good"))
    assert sending.close(30) == ["otlp: 1 span was refused by the receiver"]
    assert names(receiver) == ["good"]
    assert said == ["otlp: the receiver takes no traces: it answers 400 Bad Request"]


def test_a_batch_that_nobody_takes_makes_room_for_newer_ones(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GIVE_UP_AFTER", 0.0)
    receiver.answers = [UNAVAILABLE]
    sending = sender(receiver.port, [])
    sending.start()
    sending.add(b"", span("old"))
    receiver.wait_for(lambda found: found.requests)
    sending.add(b"", span("new"))
    receiver.wait_for(lambda found: found.spans)
    assert sending.close(30) == ["otlp: 1 span was not sent, because the receiver was not reached"]
    assert names(receiver) == ["new"]


def test_spans_that_are_rejected_are_counted_and_the_reason_is_said(receiver: Receiver) -> None:
    said: list[str] = []
    partial = {"rejected_spans": 1, "error_message": "too old"}
    receiver.trace_response = ExportTraceServiceResponse(partial_success=partial)
    sending = sender(receiver.port, said)
    sending.add(b"", SPAN)
    sending.add(b"", SPAN)
    sending.start()
    assert sending.close(30) == ["otlp: 1 span was refused by the receiver"]
    assert said == ["otlp: the receiver refused 1 of the traces: too old"]


def test_the_end_does_not_wait_for_a_receiver_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    said: list[str] = []
    sending = sender(port, said)
    sending.add(b"", SPAN)
    sending.start()
    assert sending.close(30) == ["otlp: 1 span was not sent, because the receiver was not reached"]
    assert len(said) == 1


def test_the_end_does_not_wait_for_a_receiver_that_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        sending = sender(server.getsockname()[1], [])
        sending.start()
        sending.add(b"", SPAN)
        server.settimeout(30)
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            sending.add(b"", SPAN)
            assert sending.close(0.1) == ["otlp: 2 spans were not sent, because the receiver was not reached"]


def test_a_sender_that_has_not_started_can_be_closed() -> None:
    sending = sender(1, [])
    sending.add(b"", SPAN)
    assert sending.close(30) == ["otlp: 1 span was not sent, because the receiver was not reached"]


def broken() -> bytes:
    raise KeyError("x")


def test_a_fault_of_apispys_own_is_said_and_ends_nothing(receiver: Receiver) -> None:
    said: list[str] = []
    transport = HttpTransport(Settings("http", "127.0.0.1", receiver.port))
    sending = Sender(transport, "the receiver", broken, said.append)
    sending.add(b"", span("x"))
    sending.start()
    assert sending.close(30) == []
    assert names(receiver) == ["x"]
    assert said == ["otlp: an internal error in apispy: KeyError('x')"]


def test_messages_are_bounded(receiver: Receiver) -> None:
    said: list[str] = []
    receiver.answers = [(400, {"Content-Type": "text/plain"}, str(number).encode()) for number in range(30)]
    sending = sender(receiver.port, said)
    for number in range(30):
        sending._deliver("traces", str(number).encode())
    assert len(said) == module.MAX_SAID


def test_neighbours_share_their_resource() -> None:
    found = ExportTraceServiceRequest.FromString(
        traces([(resource("a"), span("1")), (resource("a"), span("2")), (resource("b"), span("3"))])
    )
    assert [
        (
            one.resource.attributes[0].value.string_value,
            [each.name for each in one.scope_spans[0].spans],
            one.scope_spans[0].scope.name,
        )
        for one in found.resource_spans
    ] == [("a", ["1", "2"], "apispy"), ("b", ["3"], "apispy")]
    assert traces([]) == b""
