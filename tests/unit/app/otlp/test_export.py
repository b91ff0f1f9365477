"""--otlp in a session: what arrives of calls, from whom, and what the commands say."""

import dataclasses
import io
import itertools
import sys
from collections.abc import Callable
from pathlib import Path

import click.testing
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from apispy.app.decoded_calls import decode_file
from apispy.app.otlp import OtlpExport, Settings
from apispy.app.otlp.encoding import encoded, traces
from apispy.app.otlp.export import MAX_CLIENTS
from apispy.app.otlp.repeats import Repeats
from apispy.app.proxy import ProxySession
from apispy.app.view import View
from apispy.cli.options import otlp_option
from apispy.cli.proxy import proxy
from apispy.endpoints import Endpoint, Listen
from apispy.endpoints.address import TLS
from apispy.filters import Filter
from apispy.outputs import DecodedCall
from apispy.outputs.exports.otlp_spans import Spans
from apispy.outputs.metrics import Metrics
from apispy.pipeline import Pipeline
from apispy.structs import replace
from apispy.tap import ConnectionTap
from tests.golden.exported import exported
from tests.laws.otlp_reader import request_of
from tests.otlp_receiver import Receiver, http_receiver
from tests.unit.outputs.decoded_calls import decoded_call, exchange, headers

SAMPLES = Path(__file__).parents[4] / "samples"
LOOPBACK = Listen("tcp", "127.0.0.1", 0, "")
DAEMON = Endpoint("tcp", "127.0.0.1", 2375, "", "", None)


def receiving(feed: Callable[[OtlpExport], None], **changes: object) -> Receiver:
    """Return what arrives of what *feed* writes."""
    said: list[str] = []
    with http_receiver() as receiver:
        settings = replace(Settings("http", "127.0.0.1", receiver.port), **changes)  # type: ignore[arg-type]
        export = OtlpExport(settings, Metrics(), report=said.append)
        feed(export)
        export.start()
        assert export.stop() == []
    assert not said
    return receiver


@pytest.mark.parametrize("name", ["run", "compose2", "buildx"])
def test_what_arrives_is_what_a_file_has(name: str) -> None:
    calls = list(decode_file(SAMPLES / f"{name}.jsonl", notes="on"))
    receiver = receiving(lambda export: [export.write(call) for call in calls] and None)
    wanted = request_of(exported("otlp-json", calls))
    assert [one.span for one in receiver.spans] == [
        span
        for of_resource in wanted.resource_spans
        for scope in of_resource.scope_spans
        for span in scope.spans
    ]


def test_the_resource_is_the_client_and_what_the_environment_says() -> None:
    call = decoded_call("GET /info", client="docker (pid 812)")
    named = (("host.name", "build7"), ("team", "a"))
    receiver = receiving(lambda export: export.write(call), resource=named)
    assert receiver.spans[0].resource == {
        "service.name": "docker",
        "process.pid": 812,
        "host.name": "build7",
        "team": "a",
    }
    assert receiver.metrics_resource.items() >= {"service.name": "apispy", "host.name": "build7"}.items()
    assert receiver.metrics_resource["service.instance.id"]
    receiver = receiving(lambda export: export.write(call), service="builds")
    assert receiver.spans[0].resource["service.name"] == "builds"
    assert receiver.metrics_resource["service.name"] == "builds"


def test_two_clients_are_two_resources() -> None:
    calls = [decoded_call("GET /info", client=f"docker (pid {pid})") for pid in (1, 2, 1)]
    receiver = receiving(lambda export: [export.write(call) for call in calls] and None)
    assert [one.resource["process.pid"] for one in receiver.spans] == [1, 2, 1]


# -- the work per call --


def repeated_pings(count: int) -> list[DecodedCall]:
    """Return the readings of a ping that is repeated, as the pipeline makes them."""
    found: list[DecodedCall] = []

    class Calls(Metrics):
        def write(self, decoded: DecodedCall) -> None:
            found.append(decoded)

    pipeline = Pipeline([Calls()])
    ping = exchange("GET /_ping", answer=b"OK")
    for number in range(count):
        pipeline.feed(replace(ping, id=number, started=1_700_000_000.0 + number))
    return found


def counted(work: Callable[[], object]) -> int:
    """Count the calls of functions, of Python and C."""
    count = 0

    def profile(_: object, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_a_call_that_repeats_another_one_costs_a_fraction() -> None:
    first, _, second, third = calls = repeated_pings(4)
    export = OtlpExport(Settings("http", "127.0.0.1", 1), Metrics())
    once = counted(lambda: export.write(first))
    export.write(calls[1])
    again = [counted(lambda one=one: export.write(one)) for one in (second, third)]  # type: ignore[misc]
    assert again[1] < 20 < again[0] < 130 < 200 < once  # 15: the thread that sends does the rest


@pytest.mark.parametrize(("view", "more"), [(View(quiet=True), 60), (View(), 30)], ids=["quiet", "lines"])
def test_spans_and_counts_add_few_steps_to_a_repeated_call(view: View, more: int) -> None:
    """They were 200 and 77 when each event waited and each span was encoded at once."""
    receiver = Settings("http", "127.0.0.1", 1)
    without, with_spans = (steps_of_a_ping(one) for one in (view, dataclasses.replace(view, otlp=receiver)))
    assert with_spans < without + more


def test_clients_that_take_turns_cost_as_much_as_one() -> None:
    """Over TCP each connection is a client of its own."""
    [first, *_] = repeated_pings(4)[3:]
    export = OtlpExport(Settings("http", "127.0.0.1", 1), Metrics())
    clients = [
        replace(first, exchange=replace(first.exchange, client=f"127.0.0.1:{port}", connection=port))
        for port in range(5000, 5020)
    ]
    for one in clients * 10:
        export.write(one)
    assert max(counted(lambda one=one: export.write(one)) for one in clients) < 20  # type: ignore[misc]
    repeated = [pair for pair in export._sender._next_batch() if isinstance(pair[1], Repeats)]
    assert len(repeated) == 20
    assert counted(lambda: traces(repeated)) < 25 * sum(len(repeats) for _, repeats in repeated)


def test_no_more_clients_are_remembered_than_fit() -> None:
    [first, *_] = repeated_pings(4)[3:]
    export = OtlpExport(Settings("http", "127.0.0.1", 1), Metrics())
    for port in range(3 * MAX_CLIENTS):
        for _ in range(2):  # the first one makes its trace
            export.write(replace(first, exchange=replace(first.exchange, client=f"127.0.0.1:{port}")))
    assert first.memo is not None
    assert len(first.memo[export]) == MAX_CLIENTS


PING = b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n"
PONG = b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nOK"


def steps_of_a_ping(view: View) -> int:
    """Count the steps from the tap to the outputs of a ping that repeats others."""
    pipeline = ProxySession(LOOPBACK, DAEMON, None, view, io.StringIO()).pipeline
    tap = ConnectionTap(1, "127.0.0.1:5", "tcp://127.0.0.1:2375", itertools.count(1).__next__)

    def call() -> None:
        for events in (tap.from_client(PING, 1e9), tap.from_server(PONG, 1e9)):
            for event in pipeline.take_now(events):
                pipeline.feed(event)

    for _ in range(4):
        call()
    return counted(call)


def test_a_repeated_call_has_the_span_that_it_would_have_alone() -> None:
    calls = repeated_pings(3)
    together, alone = Spans(), Spans()
    made = [Span.FromString(encoded(one)) for call in calls for one in together.of(call)]
    [last] = [Span.FromString(encoded(one)) for one in alone.of(calls[2])]
    last.trace_id = made[2].trace_id  # it is that of the client's first call
    assert made[2] == last
    assert len({one.span_id for one in made}) == 3


def test_another_upstream_is_not_a_repetition() -> None:
    *calls, other = repeated_pings(4)
    other = replace(other, exchange=replace(other.exchange, upstream="unix:///other.sock"))
    receiver = receiving(lambda export: [export.write(call) for call in (*calls, other)] and None)
    assert [span.attributes["server.address"] for span in receiver.spans] == ["/d.sock"] * 3 + ["/other.sock"]


# -- in a session --


@pytest.mark.parametrize(
    "view",
    [View(), View(quiet=True), View(filter=Filter.parse_typed("op:ContainerList")), View(as_json=True)],
    ids=["lines", "quiet", "filtered", "json"],
)
def test_all_calls_are_sent_whatever_is_shown(view: View) -> None:
    with http_receiver() as receiver:
        view = dataclasses.replace(view, otlp=Settings("http", "127.0.0.1", receiver.port))
        session = ProxySession(LOOPBACK, DAEMON, None, view, io.StringIO())
        call = exchange("GET /v1.41/info")
        call = replace(
            call, request=replace(call.request, headers=headers(User_Agent="Docker-Client/28 (linux)"))
        )
        session.pipeline.feed(call)
        assert session._otlp is not None
        session._otlp.start()
        session.close()
    assert [one.span.name for one in receiver.spans] == ["GET /info"]
    assert receiver.count("apispy.calls", operation="SystemInfo", status="2xx", client="docker") == 1


def test_a_daemon_behind_tls_is_https() -> None:
    with http_receiver() as receiver:
        daemon = Endpoint("tcp", "10.0.0.5", 2376, "", "", TLS(True, None, None, None))
        view = View(quiet=True, otlp=Settings("http", "127.0.0.1", receiver.port))
        session = ProxySession(LOOPBACK, daemon, None, view, io.StringIO())
        session.pipeline.feed(exchange("GET /v1.41/info", upstream="tcp://10.0.0.5:2376"))
        assert session._otlp is not None
        session._otlp.start()
        session.close()
    assert receiver.spans[0].attributes["url.full"] == "https://10.0.0.5:2376/v1.41/info"


def test_secrets_do_not_leave() -> None:
    body = {"Image": "x", "Env": ["PASSWORD=hunter2planted"]}
    with http_receiver() as receiver:
        view = View(quiet=True, otlp=Settings("http", "127.0.0.1", receiver.port))
        session = ProxySession(LOOPBACK, DAEMON, None, view, io.StringIO())
        session.pipeline.feed(
            exchange("POST /v1.41/containers/create", 400, {"message": "hunter2planted?"}, ask=body)
        )
        session.pipeline.feed(exchange("GET /v1.41/info?x=hunter2planted", 200, {}))
        assert session._otlp is not None
        session._otlp.start()
        session.close()
    assert len(receiver.spans) == 2
    assert "hunter2" not in str([one.span for one in receiver.spans])
    assert receiver.spans[0].attributes["docker.redactions"]


def test_announcements() -> None:
    def lines(settings: Settings) -> list[str]:
        return OtlpExport(settings, Metrics()).announcement()

    assert lines(Settings("http", "localhost", 4318)) == [
        "spans and metrics go to http://localhost:4318 (OpenTelemetry)"
    ]
    assert len(lines(Settings("https", "collector", 4318))) == 1
    [_, warning] = lines(Settings("grpc", "collector", 4317, headers=(("a", "hunter2"),)))
    assert warning.startswith("otlp: PLAINTEXT AND REMOTE: anyone on the way can read ")


@otlp_option
def parsed(otlp: Settings | None) -> Settings | None:
    return otlp


def test_the_environment_counts_only_with_the_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://elsewhere.example")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "builds")
    assert parsed(otlp=None) is None
    found = parsed(otlp="http://localhost:4318")
    assert found is not None
    assert (str(found), found.service) == ("http://localhost:4318", "builds")


def test_an_error_names_the_option() -> None:
    done = click.testing.CliRunner().invoke(proxy, ["--otlp", "here", "--listen", "0"], standalone_mode=False)
    assert "--otlp: expected http://" in str(done.exception)
