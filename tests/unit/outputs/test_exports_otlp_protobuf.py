"""OTLP as protobuf: what OpenTelemetry's own classes read is what they read from OTLP/JSON."""

import json
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Span

from apispy.app.decoded_calls import decode_file
from apispy.outputs.exports.otlp_metrics import CUMULATIVE, metrics_of
from apispy.outputs.exports.otlp_protobuf import RepeatedSpans, encode, field
from apispy.outputs.exports.otlp_values import key_values
from apispy.outputs.metrics import LIMITS, Metrics
from tests.golden.exported import exported
from tests.laws.otlp_reader import attributes_of, request_of
from tests.unit.outputs.decoded_calls import decoded_call

SAMPLES = Path(__file__).parents[3] / "samples"


@pytest.mark.parametrize("name", ["run", "compose2", "buildx"])
def test_spans_are_the_same_as_in_json(name: str) -> None:
    text = exported("otlp-json", decode_file(SAMPLES / f"{name}.jsonl", notes="on"))
    found = ExportTraceServiceRequest.FromString(encode("Traces", json.loads(text)))
    assert found == request_of(text)


def test_a_message_that_is_encoded_already() -> None:
    span = encode("Span", {"name": "x" * 200})
    assert (
        ScopeSpans.FromString(b"".join(field("ScopeSpans", "spans", [span])) * 2).spans
        == [Span(name="x" * 200)] * 2
    )


def test_spans_that_differ_in_little_are_encoded_as_others_are() -> None:
    """The numbers have one to five bytes, and the spans a length of one to three."""
    trace, last = "a1" * 16, key_values({"docker.connection": 300})
    for size in (0, 20, 300, 20_000):
        fields = encode("Span", {"name": "x" * size})
        spans, wanted = RepeatedSpans(fields, trace, last, "docker.call"), b""
        pieces: list[bytes] = []
        for number in (0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 1 << 30):
            spans.write(pieces, bytes(range(8)), 5, number, number)
            own = {"traceId": trace, "spanId": bytes(range(8)).hex(), "startTimeUnixNano": 5}
            call = key_values({"docker.call": number})
            own |= {"endTimeUnixNano": number, "attributes": [*call, *last]}
            wanted += b"".join(field("ScopeSpans", "spans", [fields + encode("Span", own)]))
        assert b"".join(pieces) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ({"stringValue": "é" * 100}, AnyValue(string_value="é" * 100)),
        ({"boolValue": False}, AnyValue(bool_value=False)),
        ({"intValue": "-5"}, AnyValue(int_value=-5)),
        ({"doubleValue": 0.1}, AnyValue(double_value=0.1)),
        ({"arrayValue": {"values": []}}, AnyValue(array_value={})),
    ],
)
def test_values(value: dict[str, object], wanted: AnyValue) -> None:
    read = AnyValue.FromString(encode("AnyValue", value))
    assert read == wanted
    assert read.WhichOneof("value") == wanted.WhichOneof("value")


def test_metrics() -> None:
    metrics = Metrics()
    metrics.write(decoded_call("GET /v1.41/info", 500, duration=0.02))
    metrics.write(decoded_call("GET /v1.41/info", duration=400.0))
    metrics.opened(decoded_call("GET /v1.41/events", id=9))
    [of_resource] = ExportMetricsServiceRequest.FromString(
        encode(
            "Metrics",
            {"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics_of(metrics.figures(), 1, 2)}]}]},
        )
    ).resource_metrics
    found = {metric.name: metric for metric in of_resource.scope_metrics[0].metrics}
    assert set(found) == {
        *("apispy.calls", "apispy.call.errors", "apispy.sent", "apispy.received", "apispy.redactions"),
        *("apispy.call.duration", "apispy.open_streams"),
    }
    calls = found["apispy.calls"]
    assert (calls.unit, calls.sum.is_monotonic, calls.sum.aggregation_temporality) == (
        "{call}",
        True,
        CUMULATIVE,
    )
    assert {attributes_of(point)["status"]: point.as_int for point in calls.sum.data_points} == {
        "2xx": 1,
        "5xx": 1,
    }
    [duration] = found["apispy.call.duration"].histogram.data_points
    assert list(duration.explicit_bounds) == list(LIMITS)
    assert (len(duration.bucket_counts), duration.count) == (len(LIMITS) + 1, 2)
    assert (duration.bucket_counts[4], duration.bucket_counts[-1]) == (1, 1)
    assert duration.sum == pytest.approx(400.02)
    assert (duration.start_time_unix_nano, duration.time_unix_nano) == (1, 2)
    [opened] = found["apispy.open_streams"].sum.data_points
    assert (opened.as_int, attributes_of(opened)) == (1, {"operation": "SystemEvents"})
    assert not found["apispy.open_streams"].sum.is_monotonic


def test_a_session_without_calls_has_no_empty_metrics() -> None:
    assert [metric["name"] for metric in metrics_of(Metrics().figures(), 1, 2)] == ["apispy.redactions"]
