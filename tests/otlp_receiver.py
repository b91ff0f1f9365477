"""A receiver of OTLP made of OpenTelemetry's own classes: HTTP with protobuf, and gRPC with grpcio's server."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.laws.otlp_reader import attributes_of


@dataclass(frozen=True)
class Received:
    """A span, with the attributes of its resource and its own."""

    span: Span
    resource: dict[str, Any]

    @property
    def attributes(self) -> dict[str, Any]:
        return attributes_of(self.span)


@dataclass
class Receiver:
    """What has arrived. ``answers`` are taken one for each request, then every request is accepted.

    Over HTTP an answer is (status, headers, body), over gRPC (grpc.StatusCode, details, metadata).
    """

    spans: list[Received] = field(default_factory=list)
    metrics: list[Metric] = field(default_factory=list)  # of the last request
    metrics_resource: dict[str, Any] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)  # path, headers
    answers: list[tuple[Any, Any, Any]] = field(default_factory=list)
    trace_response: ExportTraceServiceResponse = field(default_factory=ExportTraceServiceResponse)
    port: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def asked(self, path: str, headers: dict[str, str]) -> tuple[Any, Any, Any] | None:
        """Note a request; return the answer that refuses it, if there is one."""
        with self.changed:
            self.requests.append((path, headers))
            self.changed.notify_all()
            return self.answers.pop(0) if self.answers else None

    def took(self, request: ExportTraceServiceRequest | ExportMetricsServiceRequest) -> None:
        with self.changed:
            if isinstance(request, ExportTraceServiceRequest):
                for of_resource in request.resource_spans:
                    resource = attributes_of(of_resource.resource)
                    for scope in of_resource.scope_spans:
                        assert scope.scope.name == "apispy"
                        self.spans += [Received(span, resource) for span in scope.spans]
            else:
                [of_metrics] = request.resource_metrics
                self.metrics = list(of_metrics.scope_metrics[0].metrics)
                self.metrics_resource = attributes_of(of_metrics.resource)
            self.changed.notify_all()

    def wait_for(self, what: Callable[["Receiver"], Any], seconds: float = 30) -> Any:
        """Wait until *what* is true of this receiver; return its result."""
        with self.changed:
            deadline = time.monotonic() + seconds
            while not (found := what(self)):
                if not self.changed.wait(deadline - time.monotonic()):
                    raise AssertionError(
                        f"not in {seconds} s; received: {[one.span.name for one in self.spans]}"
                    )
            return found

    def count(self, name: str, **labels: str) -> int:
        """Return the sum of the points of a metric that have these labels."""
        points = [point for metric in self.metrics if metric.name == name for point in metric.sum.data_points]
        return sum(point.as_int for point in points if labels.items() <= attributes_of(point).items())


@contextmanager
def http_receiver(context: ssl.SSLContext | None = None, prefix: str = "") -> Iterator[Receiver]:
    """Run a receiver over HTTP on 127.0.0.1, below the path *prefix*."""
    receiver = Receiver()
    kinds = {
        f"{prefix}/v1/traces": ExportTraceServiceRequest,
        f"{prefix}/v1/metrics": ExportMetricsServiceRequest,
    }

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers["content-length"]))
            refusal = receiver.asked(self.path, headers)
            kind = kinds.get(self.path)
            if refusal is None and kind is None:
                refusal = (404, {}, b"")
            elif headers["content-type"] != "application/x-protobuf":
                refusal = (415, {}, b"")
            if refusal or kind is None:
                assert refusal
                self.answer(*refusal)
                return
            receiver.took(kind.FromString(body))
            content = (
                receiver.trace_response
                if kind is ExportTraceServiceRequest
                else ExportMetricsServiceResponse()
            )
            self.answer(200, {"Content-Type": "application/x-protobuf"}, content.SerializeToString())

        def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def grpc_receiver(key: Path | None = None, cert: Path | None = None) -> Iterator[Receiver]:
    """Run a receiver over gRPC on 127.0.0.1."""
    receiver = Receiver()

    class Service:
        def Export(self, request: Any, context: grpc.ServicerContext) -> Any:
            headers = {str(name): str(value) for name, value in context.invocation_metadata()}
            refusal = receiver.asked(type(request).__name__, headers)
            if refusal:
                code, details, metadata = refusal
                context.set_trailing_metadata(metadata)
                context.abort(code, details)
            receiver.took(request)
            is_traces = isinstance(request, ExportTraceServiceRequest)
            return receiver.trace_response if is_traces else ExportMetricsServiceResponse()

    server = grpc.server(futures.ThreadPoolExecutor(2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(Service(), server)
    metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(Service(), server)
    if key and cert:
        secrets = grpc.ssl_server_credentials([(key.read_bytes(), cert.read_bytes())])
        receiver.port = server.add_secure_port("127.0.0.1:0", secrets)
    else:
        receiver.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield receiver
    finally:
        server.stop(None).wait()
