"""The spans of a build: gRPC calls in a tunnel, the client's context in their metadata, and the spans that it sends."""

from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from apispy.model import Exchange, Headers
from apispy.outputs import DecodedCall, Output
from apispy.outputs.exports import EXPORTERS, grpc_calls
from apispy.pipeline import Pipeline
from apispy.structs import replace
from tests.grpc_tunnels import TunnelBuilder
from tests.h2_peer import Peers
from tests.laws.otlp_reader import attributes_of, spans_of
from tests.protobuf_writer import pb
from tests.unit.outputs.decoded_calls import exchange

TRACE, ROOT, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "1111111111111111", "00f067aa0ba902b7"
CONTEXT = ("traceparent", f"00-{TRACE}-{PARENT}-01")
BUILDX = "docker-buildx (pid 7)"
SOLVE, STATUS = "/moby.buildkit.v1.Control/Solve", "/moby.buildkit.v1.Control/Status"
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
SECRETS = "/moby.buildkit.secrets.v1.Secrets/GetSecret"


class _Calls(Output):
    def __init__(self) -> None:
        self.decoded: list[DecodedCall] = []

    def write(self, decoded: DecodedCall) -> None:
        self.decoded.append(decoded)


def spans(*calls: Exchange) -> list[Span]:
    """Return the spans of calls that have passed through the pipeline, as live ones do."""
    seen = _Calls()
    pipeline = Pipeline([seen])
    for call in calls:
        pipeline.feed(call)
    return spans_of("".join(EXPORTERS["otlp-json"].export(seen.decoded)))  # type: ignore[arg-type]


def tunnel(builder: TunnelBuilder, target: str = "/grpc", client: str = BUILDX, number: int = 7) -> Exchange:
    made = builder.exchange(number, target)
    return replace(made, client=client, started=1_700_000_000.0, duration=2.0)


def build(*more: tuple[str, str]) -> Exchange:
    """Return a tunnel with Solve, which has the metadata *more*, and a Status that has none and stays open."""
    peers = Peers()
    builder = TunnelBuilder(peers)
    solve = peers.call(SOLVE, pb({1: "ref"}), more=more)
    builder.step(0.2)
    peers.call(STATUS, pb({1: "ref"}))
    builder.step(0.2)
    peers.answer(solve, b"", status=2)
    builder.step(0.2)
    return tunnel(builder)


def exporting(*sent: dict[int, Any]) -> Exchange:
    peers = Peers()
    builder = TunnelBuilder(peers)
    stream = peers.call(EXPORT, pb({1: {2: {2: list(sent)}}}))
    builder.step()
    peers.answer(stream, b"")
    builder.step()
    return tunnel(builder)


def by_name(made: list[Span]) -> dict[str, Span]:
    found = {one.name: one for one in made}
    assert len(found) == len(made)
    return found


def test_a_grpc_call_is_a_span_below_that_of_its_caller() -> None:
    made = by_name(spans(build(CONTEXT)))
    solve = made["moby.buildkit.v1.Control/Solve"]
    assert (solve.trace_id.hex(), solve.parent_span_id.hex(), solve.flags) == (TRACE, PARENT, 0x301)
    assert solve.kind == Span.SPAN_KIND_CLIENT
    assert (solve.start_time_unix_nano, solve.end_time_unix_nano) == (
        1_700_000_000_230_000_000,
        1_700_000_001_230_000_000,
    )
    assert attributes_of(solve) == {
        "rpc.system.name": "grpc",
        "rpc.method": "moby.buildkit.v1.Control/Solve",
        "rpc.response.status_code": "UNKNOWN",
        "error.type": "UNKNOWN",
        "server.address": "/d",
        "docker.call": 7,
        "docker.connection": 7,
        "docker.grpc.stream": 1,
    }
    assert (solve.status.code, solve.status.message) == (Status.STATUS_CODE_ERROR, "UNKNOWN")
    [link] = solve.links
    assert (link.span_id, attributes_of(link)) == (made["POST /grpc"].span_id, {"docker.link": "tunnel"})


def test_the_tunnel_is_in_the_trace_of_the_calls_in_it_and_those_that_say_none_are_below_it() -> None:
    made = by_name(spans(build(CONTEXT)))
    tunnel, status = made["POST /grpc"], made["moby.buildkit.v1.Control/Status"]
    assert (tunnel.trace_id.hex(), tunnel.parent_span_id) == (TRACE, b"")
    assert (status.trace_id.hex(), status.parent_span_id) == (TRACE, tunnel.span_id)
    assert status.end_time_unix_nano == tunnel.end_time_unix_nano  # it never ended
    assert status.status.code == Status.STATUS_CODE_UNSET
    assert not status.links


@pytest.mark.parametrize("more", [(), (("traceparent", "hunter2"),), (CONTEXT, CONTEXT)])
def test_without_a_valid_context_all_of_it_is_one_trace(more: tuple[tuple[str, str], ...]) -> None:
    made = by_name(spans(build(*more)))
    tunnel = made["POST /grpc"]
    assert {one.trace_id for one in made.values()} == {tunnel.trace_id}
    assert {one.parent_span_id for name, one in made.items() if "Control" in name} == {tunnel.span_id}
    assert tunnel.trace_id.hex() != TRACE


def session(client: str = BUILDX, number: int = 8) -> Exchange:
    peers = Peers()
    builder = TunnelBuilder(peers, daemon_calls=True)
    stream = peers.call(SECRETS, pb({1: "npmrc"}))
    builder.step()
    peers.answer(stream, b"")
    builder.step()
    return tunnel(builder, "/session", client, number)


def test_in_a_session_the_daemon_calls_and_the_client_serves() -> None:
    made = by_name(spans(session()))
    secret = made["moby.buildkit.secrets.v1.Secrets/GetSecret"]
    assert secret.kind == Span.SPAN_KIND_SERVER
    assert secret.parent_span_id == made["POST /session"].span_id
    found = attributes_of(secret)
    assert found["rpc.response.status_code"] == "OK"
    assert "server.address" not in found


def ping(client: str) -> Exchange:
    call = exchange("HEAD /_ping", client=client, id=1)
    fields = Headers(tuple((name.encode(), value.encode()) for name, value in [CONTEXT]))
    return replace(call, request=replace(call.request, headers=fields))


def test_a_session_is_in_the_trace_that_its_process_has_said_before() -> None:
    made = spans(ping(BUILDX), session(), session("docker-buildx (pid 8)", 9))
    assert [one.trace_id.hex() == TRACE for one in made] == [True, True, True, False, False]


def test_over_tcp_clients_are_not_known_apart_so_that_a_session_joins_no_trace() -> None:
    made = spans(ping("127.0.0.1:4000"), session("127.0.0.1:4001"))
    assert [one.trace_id.hex() == TRACE for one in made] == [True, False, False]


def test_other_calls_do_not_join_the_trace_of_an_earlier_one() -> None:
    made = spans(ping(BUILDX), exchange("GET /info", client=BUILDX))
    assert made[1].trace_id.hex() != TRACE


def test_the_spans_that_a_client_sends_come_too() -> None:
    identity = {1: bytes.fromhex(TRACE), 2: bytes.fromhex(PARENT), 4: bytes.fromhex(ROOT)}
    times: dict[int, Any] = {7: 1.7e18, 8: 1.7e18 + 5e9}
    made = spans(exporting(identity | times | {5: "docker build .", 6: 1, 15: {3: 2}}))
    copy = made[-1]
    assert copy.name == "docker build ."
    assert (copy.trace_id.hex(), copy.span_id.hex(), copy.parent_span_id.hex()) == (TRACE, PARENT, ROOT)
    assert copy.end_time_unix_nano - copy.start_time_unix_nano == 5_000_000_000
    assert copy.kind == Span.SPAN_KIND_INTERNAL
    assert copy.status.code == Status.STATUS_CODE_ERROR
    assert attributes_of(copy) == {"docker.span.origin": "client"}


@pytest.mark.parametrize(
    "span",
    [
        {5: "no IDs"},
        {1: bytes(16), 2: bytes.fromhex(PARENT)},
        {1: bytes.fromhex(TRACE), 2: bytes(8)},
        {1: bytes.fromhex(PARENT), 2: bytes.fromhex(TRACE)},
        {1: b"hunter2", 2: b"x"},
    ],
)
def test_a_span_without_valid_ids_is_left_out(span: dict[int, Any]) -> None:
    assert [one.name for one in spans(exporting(span))] == ["POST /grpc", EXPORT[1:]]


def test_odd_values_of_a_clients_span_do_not_break_it() -> None:
    ids = {1: bytes.fromhex(TRACE), 2: bytes.fromhex(PARENT), 4: b"odd"}
    copy = spans(exporting({**ids, 6: 99, 7: 2e18, 8: 1e18, 15: {3: 9}}))[-1]
    assert (copy.kind, copy.parent_span_id) == (Span.SPAN_KIND_INTERNAL, b"")
    assert copy.start_time_unix_nano == copy.end_time_unix_nano
    assert copy.status.code == Status.STATUS_CODE_UNSET


def test_a_reset_call_has_its_error() -> None:
    peers = Peers()
    builder = TunnelBuilder(peers)
    stream = peers.call(STATUS, b"")
    builder.step()
    peers.client.reset_stream(stream, 8)
    builder.step(0.3)
    made = by_name(spans(tunnel(builder)))
    status = made["moby.buildkit.v1.Control/Status"]
    assert attributes_of(status)["error.type"] == "CANCEL"
    assert status.end_time_unix_nano - status.start_time_unix_nano == 310_000_000


def test_the_calls_of_a_tunnel_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grpc_calls, "MAX_CALLS", 1)
    assert [one.name for one in spans(build())] == ["POST /grpc", "moby.buildkit.v1.Control/Solve"]
