"""OTLP over HTTP and over gRPC, received by OpenTelemetry's own classes: what arrives, and what each refusal means."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from apispy.app.otlp.encoding import traces
from apispy.app.otlp.grpc_transport import NOT_GRPC, GrpcTransport
from apispy.app.otlp.http_transport import HttpTransport
from apispy.app.otlp.settings import Settings
from apispy.app.otlp.transport import Accepted, SendError
from apispy.certs import Store, open_store
from apispy.errors import UsageError
from apispy.outputs.exports.otlp_protobuf import encode
from tests.otlp_receiver import Receiver, grpc_receiver, http_receiver
from tests.protobuf_writer import pb

TOKEN = "hunter2token"
HEADERS = (("authorization", f"Bearer {TOKEN}"),)
BODY = traces([(b"", encode("Span", {"name": "GET /info"}))])
TIMEOUT = 10.0


@pytest.fixture
def over_http() -> Iterator[Receiver]:
    with http_receiver() as receiver:
        yield receiver


@pytest.fixture
def over_grpc() -> Iterator[Receiver]:
    with grpc_receiver() as receiver:
        yield receiver


def http_to(receiver: Receiver, **changes: Any) -> HttpTransport:
    return HttpTransport(Settings("http", "127.0.0.1", receiver.port, headers=HEADERS, **changes))


def grpc_to(receiver: Receiver) -> GrpcTransport:
    return GrpcTransport(Settings("grpc", "127.0.0.1", receiver.port, headers=HEADERS))


def refusal(send: Callable[[], object]) -> SendError:
    with pytest.raises(SendError) as raised:
        send()
    assert TOKEN not in str(raised.value)
    return raised.value


# -- what arrives --


def test_a_span_arrives_over_http(over_http: Receiver) -> None:
    assert http_to(over_http).send("traces", BODY, TIMEOUT) == Accepted()
    [(path, headers)] = over_http.requests
    assert path == "/v1/traces"
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["user-agent"].startswith("apispy/")
    assert [one.span.name for one in over_http.spans] == ["GET /info"]


def test_a_path_comes_before_that_of_the_signal() -> None:
    with http_receiver(prefix="/api/otlp") as receiver:
        http_to(receiver, path="/api/otlp").send("traces", BODY, TIMEOUT)
    assert receiver.requests[0][0] == "/api/otlp/v1/traces"


def test_a_span_arrives_over_grpc(over_grpc: Receiver) -> None:
    assert grpc_to(over_grpc).send("traces", BODY, TIMEOUT) == Accepted()
    [(_, headers)] = over_grpc.requests
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert [one.span.name for one in over_grpc.spans] == ["GET /info"]


def test_more_than_the_window_of_http2_arrives(over_grpc: Receiver) -> None:
    spans = [(b"", encode("Span", {"name": f"{number} {'x' * 1000}"})) for number in range(1000)]
    grpc_to(over_grpc).send("traces", traces(spans), TIMEOUT)
    assert [one.span.name.split()[0] for one in over_grpc.spans] == [str(number) for number in range(1000)]


@pytest.mark.parametrize("make", [http_receiver, grpc_receiver])
def test_what_a_receiver_rejects_is_known(make: Callable[[], Any]) -> None:
    with make() as receiver:
        partial = {"rejected_spans": 2, "error_message": "too old"}
        receiver.trace_response = ExportTraceServiceResponse(partial_success=partial)
        transport = http_to(receiver) if make is http_receiver else grpc_to(receiver)
        assert transport.send("traces", BODY, TIMEOUT) == Accepted(2, "too old")


# -- refusals over HTTP --


@pytest.mark.parametrize(
    ("status", "headers", "body", "text", "retry", "after"),
    [
        (503, {"Retry-After": "7"}, b"", "it answers 503 Service Unavailable", True, 7.0),
        (429, {"Retry-After": "soon"}, b"", "it answers 429 Too Many Requests", True, None),
        (502, {"Content-Type": "text/html"}, b"<html>", "it answers 502 Bad Gateway", True, None),
        (500, {"Content-Type": "text/plain"}, b"a\n b", "it answers 500 Internal Server Error: a b", False, None),
        (
            400,
            {"Content-Type": "application/x-protobuf"},
            pb({1: 3, 2: "odd span"}),
            "it answers 400 Bad Request: odd span",
            False,
            None,
        ),
        (400, {"Content-Type": "application/x-protobuf"}, b"\xff", "it answers 400 Bad Request", False, None),
        (
            401,
            {"Content-Type": "application/json"},
            f'{{"token": "{TOKEN}"}}'.encode(),
            'it answers 401 Unauthorized: {"token": "<redacted>"}. Check OTEL_EXPORTER_OTLP_HEADERS',
            False,
            None,
        ),
        (307, {"Location": "http://elsewhere.example/"}, b"", "it answers 307 Temporary Redirect", False, None),
    ],
)  # fmt: skip
def test_a_refusal_over_http(
    over_http: Receiver,
    status: int,
    headers: dict[str, str],
    body: bytes,
    text: str,
    retry: bool,
    after: float | None,
) -> None:
    over_http.answers = [(status, headers, body)]
    error = refusal(lambda: http_to(over_http).send("traces", BODY, TIMEOUT))
    assert (str(error), error.retry, error.after) == (text, retry, after)


def test_a_path_that_is_not_there_says_so(over_http: Receiver) -> None:
    error = refusal(lambda: http_to(over_http, path="/x").send("traces", BODY, TIMEOUT))
    assert str(error) == (
        "it answers 404 Not Found. Check the path of --otlp: apispy adds /v1/traces and /v1/metrics to it"
    )


# -- refusals over gRPC --


def retry_info(seconds: int, nanos: int) -> tuple[tuple[str, bytes], ...]:
    delay = AnyMessage(
        type_url="type.googleapis.com/google.rpc.RetryInfo", value=pb({1: {1: seconds, 2: nanos}})
    )
    status = pb({1: 8, 2: "slow down", 3: [delay.SerializeToString()]})
    return (("grpc-status-details-bin", status),)


@pytest.mark.parametrize(
    ("code", "details", "metadata", "text", "retry", "after"),
    [
        (grpc.StatusCode.UNAVAILABLE, "é busy", (), "it answers UNAVAILABLE: é busy", True, None),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "", (), "it answers RESOURCE_EXHAUSTED", False, None),
        (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "slow",
            retry_info(2, 500_000_000),
            "it answers RESOURCE_EXHAUSTED: slow",
            True,
            2.5,
        ),
        (grpc.StatusCode.INVALID_ARGUMENT, "odd", (), "it answers INVALID_ARGUMENT: odd", False, None),
        (
            grpc.StatusCode.UNAUTHENTICATED,
            f"no {TOKEN}",
            (),
            "it answers UNAUTHENTICATED: no <redacted>. Check OTEL_EXPORTER_OTLP_HEADERS",
            False,
            None,
        ),
    ],
)
def test_a_refusal_over_grpc(
    over_grpc: Receiver,
    code: grpc.StatusCode,
    details: str,
    metadata: Any,
    text: str,
    retry: bool,
    after: float | None,
) -> None:
    over_grpc.answers = [(code, details, metadata)]
    error = refusal(lambda: grpc_to(over_grpc).send("traces", BODY, TIMEOUT))
    assert (str(error), error.retry, error.after) == (text, retry, after)


# -- other programs --


@contextmanager
def answering(data: bytes) -> Iterator[int]:
    """Run a server that answers the first bytes of each of two connections with *data*, and closes them."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for _ in range(2):
                connection, _ = server.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(data)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]


def test_http_1_is_not_grpc(over_http: Receiver) -> None:
    error = refusal(
        lambda: GrpcTransport(Settings("grpc", "127.0.0.1", over_http.port)).send("traces", BODY, TIMEOUT)
    )
    assert (str(error), error.retry) == (NOT_GRPC, False)


def test_grpc_is_not_http_1(over_grpc: Receiver) -> None:
    transport = HttpTransport(Settings("http", "127.0.0.1", over_grpc.port))
    assert refusal(lambda: transport.send("traces", BODY, TIMEOUT)).retry


@pytest.mark.parametrize("data", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\0" * 64])
def test_any_bytes_are_an_error_and_no_traceback(data: bytes) -> None:
    with answering(data) as port:
        refusal(lambda: HttpTransport(Settings("http", "127.0.0.1", port)).send("traces", BODY, TIMEOUT))
        refusal(lambda: GrpcTransport(Settings("grpc", "127.0.0.1", port)).send("traces", BODY, TIMEOUT))


@pytest.mark.parametrize(("transport", "scheme"), [(HttpTransport, "http"), (GrpcTransport, "grpc")])
def test_a_receiver_that_is_not_there_or_does_not_answer(transport: Any, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        error = refusal(lambda: transport(Settings(scheme, "127.0.0.1", port)).send("traces", BODY, 0.05))
        assert (str(error), error.retry) == ("it does not answer", True)
    error = refusal(lambda: transport(Settings(scheme, "127.0.0.1", port)).send("traces", BODY, TIMEOUT))
    assert (str(error), error.retry) == ("Connection refused", True)


# -- TLS --


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return open_store(tmp_path_factory.mktemp("certs") / "certs")


def secure(store: Store) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    files = store.server_for()
    context.load_cert_chain(files.cert, files.key)
    return context


def test_https_is_verified(store: Store) -> None:
    with http_receiver(secure(store)) as receiver:
        trusted = Settings("https", "127.0.0.1", receiver.port, ca=store.ca)
        HttpTransport(trusted).send("traces", BODY, TIMEOUT)
        assert len(receiver.spans) == 1
        error = refusal(
            lambda: HttpTransport(Settings("https", "127.0.0.1", receiver.port)).send("traces", BODY, TIMEOUT)
        )
    assert not error.retry
    assert str(error).startswith("its certificate is not accepted: ")
    assert str(error).endswith(". Name its CA in OTEL_EXPORTER_OTLP_CERTIFICATE")
    assert len(receiver.spans) == 1


def test_grpcs_is_verified(store: Store) -> None:
    files = store.server_for()
    with grpc_receiver(files.key, files.cert) as receiver:
        GrpcTransport(Settings("grpcs", "127.0.0.1", receiver.port, ca=store.ca)).send(
            "traces", BODY, TIMEOUT
        )
        assert len(receiver.spans) == 1
        error = refusal(
            lambda: GrpcTransport(Settings("grpcs", "127.0.0.1", receiver.port)).send("traces", BODY, TIMEOUT)
        )
    assert str(error).startswith("its certificate is not accepted: ")


def test_tls_without_http2_is_not_grpc(store: Store) -> None:
    with http_receiver(secure(store)) as receiver:
        settings = Settings("grpcs", "127.0.0.1", receiver.port, ca=store.ca)
        assert str(refusal(lambda: GrpcTransport(settings).send("traces", BODY, TIMEOUT))) == NOT_GRPC


@pytest.mark.parametrize("text", [None, "not PEM"])
def test_a_ca_that_cannot_be_used(tmp_path: Path, text: str | None) -> None:
    if text:
        (tmp_path / "ca.pem").write_text(text)
    with pytest.raises(UsageError, match=r"OTEL_EXPORTER_OTLP_CERTIFICATE /.*/ca.pem: .+; name a file with"):
        HttpTransport(Settings("https", "h", 443, ca=tmp_path / "ca.pem"))
