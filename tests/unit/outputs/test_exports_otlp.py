"""OTLP/JSON, read with OpenTelemetry's own classes: IDs, times, attributes, events, links and status."""

from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from apispy.app.decoded_calls import decode_file
from apispy.learn import NameRegistry
from apispy.model import Body, Chunk, Exchange, Headers
from apispy.outputs.exports import EXPORTERS, otlp_spans
from apispy.pipeline import read
from apispy.structs import replace
from tests.golden.exported import decoded_calls, exported
from tests.laws.otlp_reader import attributes_of, request_of, spans_of
from tests.unit.outputs.decoded_calls import WEB, exchange, headers, tunnel

SAMPLES = Path(__file__).parents[3] / "samples"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def text(*calls: Exchange) -> str:
    memory = NameRegistry()
    return "".join(EXPORTERS["otlp-json"].export([read(call, memory) for call in calls]))  # type: ignore[arg-type]


def spans(*calls: Exchange) -> list[Span]:
    return spans_of(text(*calls))


def span(*words: Any, **more: Any) -> Span:
    [one] = spans(exchange(*words, **more))
    return one


def attributes(*words: Any, **more: Any) -> dict[str, Any]:
    return attributes_of(span(*words, **more))


def with_headers(line: str, *values: str, name: str = "traceparent") -> Exchange:
    call = exchange(line)
    fields = Headers(tuple((name.encode(), value.encode()) for value in values))
    return replace(call, request=replace(call.request, headers=fields))


def at(begin: float, end: float, one: Exchange, number: int) -> Exchange:
    return replace(one, id=number, started=1_700_000_000 + begin, duration=end - begin)


# -- names, times, attributes --


def test_a_call_is_a_span_of_its_client():
    made = span("GET /v1.41/containers/web/json?size=1", 200, {"Id": WEB, "Name": "/web"})
    assert made.name == "GET /containers/{id}/json"
    assert made.kind == Span.SPAN_KIND_CLIENT
    assert made.start_time_unix_nano == 1_700_000_000_000_000_000
    assert made.end_time_unix_nano - made.start_time_unix_nano == 45_000_000
    found = attributes_of(made)
    wanted = {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "url.full": "http://localhost/v1.41/containers/web/json?size=1",
        "url.template": "/containers/{id}/json",
        "server.address": "/d.sock",
        "network.transport": "unix",
        "container.id": "c12250feba24",
        "container.name": "web",
        "docker.operation": "ContainerInspect",
        "docker.api.version": "1.41",
        "docker.call": 7,
    }
    assert wanted.items() <= found.items()


@pytest.mark.parametrize(
    ("upstream", "wanted"),
    [
        ("tcp://10.0.0.5:2375", ("10.0.0.5", 2375, "tcp")),
        ("https://[::1]:2376", ("::1", 2376, "tcp")),
        ("ssh://ann@orion", ("orion", None, None)),
        ("tcp://[odd", ("tcp://[odd", None, None)),
        ("tcp://h:99999", ("tcp://h:99999", None, None)),
    ],
)
def test_the_address_of_the_daemon(upstream: str, wanted: tuple[Any, ...]):
    found = attributes("GET http://here/info", upstream=upstream)
    assert (found["server.address"], found.get("server.port"), found.get("network.transport")) == wanted


@pytest.mark.parametrize(
    ("line", "name", "method"),
    [
        ("GET /nothing/here", "GET", "GET"),
        ("BREW /info", "HTTP", "_OTHER"),
        ("POST /v1.41/exec/abc/start", "POST /exec/{id}/start", "POST"),
    ],
)
def test_a_name_has_no_ids_and_no_unknown_method(line: str, name: str, method: str):
    made = span(line)
    assert (made.name, attributes_of(made)["http.request.method"]) == (name, method)
    assert attributes_of(made).get("http.request.method_original") == ("BREW" if method == "_OTHER" else None)


@pytest.mark.parametrize(
    ("image", "name", "tags"),
    [
        ("busybox", "busybox", None),
        ("busybox:1.36", "busybox", ["1.36"]),
        ("localhost:5000/a/b:c@sha256:" + "0" * 64, "localhost:5000/a/b", ["c"]),
        ("localhost:5000/a", "localhost:5000/a", None),
    ],
)
def test_the_image_of_a_container(image: str, name: str, tags: list[str] | None):
    found = attributes("POST /v1.41/containers/create?name=web", 201, {"Id": WEB}, ask={"Image": image})
    assert (found["container.image.name"], found.get("container.image.tags")) == (name, tags)
    assert (found["container.id"], found["container.name"]) == ("c12250feba24", "web")


def test_sizes_and_the_tunnel():
    found = attributes("POST /containers/web/attach?stream=1", 101, tunnel=tunnel(b"ls\n", b"out"))
    assert (found["http.request.body.size"], found["http.response.body.size"]) == (0, 0)
    assert found["docker.tunnel.protocol"] == "tcp"
    assert (found["docker.tunnel.to_server.size"], found["docker.tunnel.to_client.size"]) == (3, 3)


# -- status --


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (exchange("GET /info", 404, {"message": "no"}), "404", "no"),
        (
            exchange("GET /info", None, end="cut", problems=("the daemon went away",)),
            "cut",
            "the daemon went away",
        ),
        (
            exchange(
                "POST /images/create?fromImage=x",
                200,
                {"errorDetail": {"message": "denied"}, "error": "denied"},
            ),
            "response",
            "denied",
        ),
    ],
)
def test_a_failure_is_an_error(call: Exchange, kind: str, message: str):
    [made] = spans(call)
    assert (made.status.code, made.status.message) == (Status.STATUS_CODE_ERROR, message)
    assert attributes_of(made)["error.type"] == kind


def test_success_leaves_the_status_open():
    made = span("GET /info", 200, {"ID": "x"})
    assert made.status.code == Status.STATUS_CODE_UNSET
    assert "error.type" not in attributes_of(made)


# -- IDs --


def test_the_same_calls_give_the_same_file():
    assert exported("otlp-json", decoded_calls("run")) == exported("otlp-json", decoded_calls("run"))


def test_every_call_has_an_id_of_its_own_and_a_client_one_trace():
    calls = [
        *(
            exchange("GET /info", id=1, client="docker (pid 1)"),
            exchange("GET /info", id=2, client="docker (pid 1)"),
        ),
        *(
            exchange("GET /info", id=3, client="docker (pid 2)"),
            exchange("GET /info", id=4, client="127.0.0.1:4001"),
        ),
        exchange("GET /info", id=5, client="127.0.0.1:4002", connection=9),
    ]
    made = spans(*calls)
    assert len({one.span_id for one in made}) == 5
    traces = [one.trace_id for one in made]
    assert traces[0] == traces[1]
    assert traces[3] == traces[4]
    assert len(set(traces)) == 3


def test_the_context_that_the_client_sent_is_kept():
    call = with_headers("GET /info", f"00-{TRACE}-{PARENT}-01")
    [made] = spans(call)
    assert (made.trace_id.hex(), made.parent_span_id.hex(), made.flags) == (TRACE, PARENT, 0x301)


@pytest.mark.parametrize(
    "values",
    [
        (f"00-{TRACE}-{PARENT}",),
        (f"00-{TRACE.upper()}-{PARENT}-01",),
        (f"ff-{TRACE}-{PARENT}-01",),
        (f"00-{TRACE}-{PARENT}-01-more",),
        (f"00-{'0' * 32}-{PARENT}-01",),
        (f"00-{TRACE}-{'0' * 16}-01",),
        (f"00-{TRACE}-{PARENT}-01", f"00-{TRACE}-{PARENT}-01"),
    ],
)
def test_a_context_that_is_not_valid_is_ignored(values: tuple[str, ...]):
    [made] = spans(with_headers("GET /info", *values))
    assert made.trace_id.hex() != TRACE
    assert (made.parent_span_id, made.flags) == (b"", 0)


def test_a_later_version_of_the_context_may_have_more():
    [made] = spans(with_headers("GET /info", f"01-{TRACE}-{PARENT}-00-more"))
    assert (made.trace_id.hex(), made.flags) == (TRACE, 0x300)


# -- resources --


@pytest.mark.parametrize(
    ("client", "agent", "wanted"),
    [
        ("docker (pid 812)", "Docker-Client/28.2.2 (linux)", {"service.name": "docker", "process.pid": 812}),
        ("127.0.0.1:5123", "Docker-Client/28.2.2 (linux)", {"service.name": "Docker-Client"}),
        ("127.0.0.1:5123", "", {"service.name": "unknown_service"}),
        ("127.0.0.1:5123", "\x1b[2J", {"service.name": "unknown_service"}),
    ],
)
def test_the_resource_is_the_client(client: str, agent: str, wanted: dict[str, Any]):
    call = exchange("GET /info", client=client)
    call = replace(call, request=replace(call.request, headers=headers(User_Agent=agent)))
    [resource] = request_of(text(call)).resource_spans
    assert attributes_of(resource.resource) == wanted


def test_calls_in_a_row_share_their_resource():
    clients = ("a (pid 1)", "a (pid 1)", "b (pid 2)", "a (pid 1)")
    found = request_of(text(*[exchange("GET /info", client=client) for client in clients])).resource_spans
    assert [len(one.scope_spans[0].spans) for one in found] == [2, 1, 1]
    assert {one.scope_spans[0].scope.name for one in found} == {"apispy"}


def test_no_calls_are_an_empty_request():
    assert not request_of(text()).resource_spans


# -- events and links --


def test_output_is_an_event_without_its_content():
    made = span(
        "POST /containers/web/attach?stream=1", 101, tunnel=tunnel(b"ls\n", b"\x01\0\0\0\0\0\0\x02a\n")
    )
    assert [(one.name, attributes_of(one)) for one in made.events] == [
        ("stdin", {"docker.stream": "to_server", "docker.stream.size": 3}),
        ("stdout", {"docker.stream": "to_client", "docker.stream.size": 2}),
    ]
    assert made.events[0].time_unix_nano == 1_700_000_000_010_000_000


def test_events_are_bounded_and_the_rest_is_counted():
    lines = Body(tuple(Chunk(index / 1e4, b'{"Type":"x"}\n') for index in range(130)), 13 * 130)
    [made] = spans(replace(exchange("GET /events").with_stream("response", lines), end="left"))
    assert (len(made.events), made.dropped_events_count) == (128, 2)


def test_create_start_attach_and_wait_are_linked():
    create = exchange("POST /v1.41/containers/create?name=web", 201, {"Id": WEB})
    made = spans(
        at(0, 0.1, create, 1),
        at(0.2, 0.5, exchange("POST /containers/web/attach?stream=1", 101, tunnel=tunnel()), 2),
        at(0.3, 0.6, exchange("POST /containers/web/start", 204), 4),
        at(0.25, 0.8, exchange("POST /containers/web/wait", 200, {"StatusCode": 0}), 3),
    )
    numbers = {one.span_id: attributes_of(one)["docker.call"] for one in made}
    links = {
        numbers[one.span_id]: [
            (numbers[link.span_id], attributes_of(link)["docker.link"]) for link in one.links
        ]
        for one in made
    }
    assert links == {1: [], 2: [], 4: [(1, "cause"), (2, "effect")], 3: [(4, "cause")]}
    assert all(link.trace_id == one.trace_id for one in made for link in one.links)


def test_clients_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(otlp_spans, "MAX_CLIENTS", 1)
    names = ("a (pid 1)", "b (pid 2)", "a (pid 1)")
    made = spans(
        *[
            exchange("GET /info", id=number, client=name, started=1e9 + number)
            for number, name in enumerate(names)
        ]
    )
    assert len({one.trace_id for one in made}) == 3


# -- real sessions --


@pytest.mark.parametrize("name", ["run", "compose2", "buildx"])
def test_every_span_of_a_real_session_is_valid(name: str):
    calls = list(decode_file(SAMPLES / f"{name}.jsonl", notes="on"))
    made = spans_of(exported("otlp-json", calls))
    assert len({one.span_id for one in made}) == len(made)
    known = {one.span_id for one in made}
    of_calls = [one for one in made if "docker.operation" in attributes_of(one)]
    for one, call in zip(of_calls, calls, strict=True):
        found = attributes_of(one)
        assert found["docker.operation"] == call.call.operation.id
        assert found["http.request.method"] == call.exchange.request.method
        assert found["url.full"].startswith("http://localhost/")
        assert one.start_time_unix_nano // 1000 == round(call.exchange.started * 1e6)
        assert bool(one.parent_span_id) == ("traceparent" in call.exchange.request.headers)
        assert {link.span_id for link in one.links} <= known
        assert (one.status.code == Status.STATUS_CODE_ERROR) is call.failed


def test_compose_says_which_trace_its_calls_are_in():
    made = spans_of(exported("otlp-json", decode_file(SAMPLES / "compose2.jsonl", notes="on")))
    assert all(one.parent_span_id for one in made)
    assert len({one.trace_id for one in made}) == 8
