"""Metrics: what is counted, and that no client adds values of labels."""

import threading

import pytest

from apispy.engine.operations import BY_ID
from apispy.model import Headers, Redaction
from apispy.outputs import DecodedCall
from apispy.outputs.metrics import CLIENTS, LIMITS, OTHER, UNKNOWN, Metrics, client_kind, status_class
from apispy.structs import replace

from .decoded_calls import decoded_call, tunnel

FOREIGN = {"Libpod", "Desktop", "ModelRunner", UNKNOWN}
"""Operations of other APIs, and of unknown calls."""


def by(agent: bytes | str, line: str = "GET /v1.41/info") -> DecodedCall:
    """Return a call by the client with the User-Agent *agent*."""
    value = agent if isinstance(agent, bytes) else agent.encode()
    decoded = decoded_call(line)
    request = replace(decoded.exchange.request, headers=Headers(((b"User-Agent", value),)))
    return replace(decoded, exchange=replace(decoded.exchange, request=request))


def test_calls_are_counted_by_operation_status_and_client() -> None:
    metrics = Metrics()
    for decoded in (
        by("Docker-Client/28.2.2 (linux)"),
        by("Docker-Client/20.10.24 (linux)"),
        decoded_call("GET /v1.41/containers/web/json", 404, {"message": "No such container: web"}),
        decoded_call("GET /v1.41/info", None, end="cut"),
        decoded_call("GET /no/such/path", 500),
    ):
        metrics.write(decoded)
    now = metrics.figures()
    assert now.calls == {
        ("SystemInfo", "2xx", "docker"): 2,
        ("ContainerInspect", "4xx", OTHER): 1,
        ("SystemInfo", "none", OTHER): 1,
        (UNKNOWN, "5xx", OTHER): 1,
    }
    assert {key: count for key, count in now.errors.items() if count} == {
        ("ContainerInspect", OTHER): 1,
        ("SystemInfo", OTHER): 1,
        (UNKNOWN, OTHER): 1,
    }


def test_bytes_and_hidden_secrets_are_counted() -> None:
    hidden = (Redaction("request.body:$.Env[0]", "<redacted:169aae26>", "environment values"),)
    created = decoded_call("POST /v1.41/containers/create", 201, {"Id": "1"}, ask={"Image": "x"})
    metrics = Metrics()
    metrics.write(replace(created, exchange=replace(created.exchange, redactions=hidden)))
    metrics.write(decoded_call("POST /v1.41/containers/web/attach", 101, tunnel=tunnel(b"in", b"output")))
    now = metrics.figures()
    assert now.sent == {"ContainerCreate": len('{"Image": "x"}\n'), "ContainerAttach": 2}
    assert now.received == {"ContainerCreate": len('{"Id": "1"}\n'), "ContainerAttach": 6}
    assert now.redactions == 1


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0.0, 0), (LIMITS[0], 0), (0.0011, 1), (0.3, 8), (300.0, 15), (301.0, 16)]
)
def test_a_duration_is_in_the_bucket_of_the_first_limit_that_it_does_not_exceed(
    seconds: float, bucket: int
) -> None:
    metrics = Metrics()
    metrics.write(decoded_call("GET /v1.41/info", duration=seconds))
    found = metrics.figures().durations["SystemInfo"]
    assert [at for at, count in enumerate(found.counts) if count] == [bucket]
    assert found.total == seconds


def test_a_call_that_stays_open_lasts_until_its_response_and_one_without_has_no_duration() -> None:
    metrics = Metrics()
    metrics.write(decoded_call("GET /v1.41/events", 200, duration=3600.0, end="left"))
    metrics.write(decoded_call("GET /v1.41/info", None, duration=3.0, end="cut"))
    found = metrics.figures().durations
    assert {name: one.total for name, one in found.items()} == {"SystemEvents": 0.01}


def test_open_streams_are_those_that_have_not_ended() -> None:
    metrics = Metrics()
    calls = [
        decoded_call(line, 200, id=number)
        for number, line in enumerate(["GET /v1.41/events", "GET /v1.41/events", "GET /v1.41/x"])
    ]
    for one in calls:
        metrics.opened(one)
    assert metrics.figures().open_streams == {"SystemEvents": 2, UNKNOWN: 1}
    for one in calls[1:]:
        metrics.write(one)
    assert metrics.figures().open_streams == {"SystemEvents": 1, UNKNOWN: 0}
    metrics.write(decoded_call("GET /v1.41/info", id=9))  # was never opened
    assert metrics.figures().open_streams.total() == 1


def kind_of(decoded: DecodedCall) -> str:
    return client_kind(decoded.call.operation.tag, decoded.exchange)


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        ("Docker-Client/28.2.2 (linux)", "docker"),
        ("docker-compose/1.29.2 docker-py/5.0.3 Linux/6.18", "docker-compose"),
        ("compose/2.40.3-3", "docker-compose"),
        ("docker-sdk-python/7.2.0", "docker-py"),
        ("Go-http-client/1.1", OTHER),
        ("curl/7.88.1", OTHER),
        ("", OTHER),
        ("not Docker-Client/28", OTHER),
    ],
)
def test_the_kind_of_a_client(agent: str, kind: str) -> None:
    assert kind_of(by(agent)) == kind


def test_a_client_of_podmans_own_api_is_podman() -> None:
    assert kind_of(by("Go-http-client/1.1", "GET /v4.3.1/libpod/_ping")) == "podman"


def test_status_classes() -> None:
    assert [status_class(status) for status in (101, 200, 304, 404, 599)] == [
        "1xx",
        "2xx",
        "3xx",
        "4xx",
        "5xx",
    ]
    assert {status_class(status) for status in (-1, 0, 99, 600, 999, 10**9)} == {OTHER}


HOSTILE = (
    b'docker"} 1\nevil{a="b', b"Docker-Client/1\r\napispy_calls_total 9", b"\xff\x00\x1b]0;owned\x07", b"x" * 100_000,
    *(b"agent-%d" % number for number in range(200)),
)  # fmt: skip


def test_no_client_adds_values_of_labels() -> None:
    metrics = Metrics()
    for number, agent in enumerate(HOSTILE):
        metrics.write(by(agent, f'GET /v1.41/{number}"\n{{/json'))
        metrics.write(by(agent, f"POST /some.Service{number}/Method{number}"))
        metrics.write(by(agent, f"M{number} /v1.41/containers/c{number}/json"))
        metrics.write(by(agent, f"GET /v1.41/libpod/{number}"))
        metrics.opened(by(agent, f"GET /v1.41/x{number}"))
    now = metrics.figures()
    operations = {*now.durations, *now.sent, *now.received, *now.open_streams}
    assert {name for name, _, _ in now.calls} | operations <= {*BY_ID, *FOREIGN}
    assert {client for _, _, client in now.calls} <= {*CLIENTS.values(), "podman", OTHER}
    assert len(now.calls) < 12


def test_figures_are_a_copy_that_another_thread_may_read() -> None:
    metrics = Metrics()
    metrics.write(decoded_call("GET /v1.41/info"))
    found = []
    thread = threading.Thread(target=lambda: found.append(metrics.figures()))
    thread.start()
    thread.join(30)
    metrics.write(decoded_call("GET /v1.41/info"))
    assert found[0].calls.total() == sum(found[0].durations["SystemInfo"].counts) == 1
    assert metrics.figures().calls.total() == 2
