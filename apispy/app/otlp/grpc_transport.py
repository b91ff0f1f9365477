"""OTLP over gRPC: one unary call over HTTP/2, with h2, which apispy needs anyway (grpcio would be 19 MB more).

Sources: https://opentelemetry.io/docs/specs/otlp/#otlpgrpc, github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
"""

import base64
import binascii
import socket
import ssl
from contextlib import closing
from urllib.parse import unquote

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import H2Error

from apispy import __version__
from apispy.app.otlp.settings import Settings
from apispy.app.otlp.transport import (
    CHECK_HEADERS,
    MAX_RESPONSE,
    MAX_TEXT,
    RETRY_HTTP,
    Accepted,
    SendError,
    Signal,
    accepted,
    answered,
    connection_error,
    tls_context,
)
from apispy.decoders.protobuf import ProtobufError, wire_fields
from apispy.outputs.grpc import status_name
from apispy.structs import Struct, field

METHODS: dict[Signal, str] = {
    "traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
}

RETRY = (1, 4, 10, 11, 14, 15)
"""CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS: statuses after which to try again."""

RESOURCE_EXHAUSTED = 8
"""To be tried again only if the receiver says when."""

ADVICE = {
    7: CHECK_HEADERS,
    12: "Check the address of --otlp: this service is not there",
    16: CHECK_HEADERS,
}
"""What to do about a status: PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED."""

NOT_GRPC = "it does not speak gRPC. For OTLP over HTTP, type --otlp http://..., usually with port 4318"

SETTINGS = b"\4"
"""The type of the first frame, its fourth byte. h2 would wait for the end of what another protocol begins with."""

RECEIVE_SIZE = 65_536


class _Answer(Struct):
    fields: dict[str, str] = field(default_factory=dict)  # of the head and the trailers
    data: bytes = b""
    ended: bool = False


class GrpcTransport:
    """Sends to grpc:// and grpcs://. Raises UsageError if the CA cannot be used."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._context = settings, tls_context(settings)

    def send(self, signal: Signal, body: bytes, timeout: float) -> Accepted:
        try:
            with closing(self._connect(timeout)) as connection:
                answer = self._call(connection, METHODS[signal], b"\0" + len(body).to_bytes(4) + body)
        except OSError as error:
            raise connection_error(error) from None
        except H2Error:
            raise SendError(NOT_GRPC, retry=False) from None
        return self._result(answer)

    def _connect(self, timeout: float) -> socket.socket:
        settings = self._settings
        connection = socket.create_connection((settings.host, settings.port), timeout)
        if self._context is None:
            return connection
        try:
            secure = self._context.wrap_socket(connection, server_hostname=settings.host)
        except OSError:
            connection.close()
            raise
        return secure

    def _call(self, connection: socket.socket, method: str, message: bytes) -> _Answer:
        if isinstance(connection, ssl.SSLSocket) and connection.selected_alpn_protocol() != "h2":
            raise SendError(NOT_GRPC, retry=False)
        http2, answer = H2Connection(H2Configuration(client_side=True, header_encoding="latin-1")), _Answer()
        http2.initiate_connection()
        stream = http2.get_next_available_stream_id()
        http2.send_headers(stream, self._head(method))
        begins = True
        while not answer.ended:
            message = _send_some(http2, stream, message)
            connection.sendall(http2.data_to_send())
            received = connection.recv(RECEIVE_SIZE)
            if not received:
                raise SendError("it closed the connection", retry=True)
            if begins and received[3:4] not in (b"", SETTINGS):
                raise SendError(NOT_GRPC, retry=False)
            begins = False
            for event in http2.receive_data(received):
                _take(http2, event, answer)
        return answer

    def _head(self, method: str) -> list[tuple[str, str]]:
        settings = self._settings
        return [
            (":method", "POST"),
            (":scheme", "https" if settings.uses_tls else "http"),
            (":path", method),
            (":authority", str(settings).partition("://")[2]),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("user-agent", f"apispy/{__version__}"),
            *settings.headers,
        ]

    def _result(self, answer: _Answer) -> Accepted:
        status, code = answer.fields.get(":status", ""), answer.fields.get("grpc-status", "")
        if status != "200" or not code.isdecimal():
            if answer.fields.get("content-type", "").startswith("application/grpc"):
                raise SendError("its answer has no grpc-status", retry=False)
            retry = status.isdecimal() and int(status) in RETRY_HTTP
            raise SendError(f"it answers {status} without gRPC. {NOT_GRPC}", retry=retry)
        if int(code) == 0:
            return accepted(answer.data[5:])
        message = unquote(answer.fields.get("grpc-message", ""))[:MAX_TEXT]
        text = answered(self._settings, status_name(int(code)), message, ADVICE.get(int(code)))
        after = _retry_delay(answer.fields.get("grpc-status-details-bin", ""))
        retry = int(code) in RETRY or (int(code) == RESOURCE_EXHAUSTED and after is not None)
        raise SendError(text, retry=retry, after=after)


def _send_some(http2: H2Connection, stream: int, message: bytes) -> bytes:
    """Send as much of *message* as the receiver has room for; return the rest."""
    while message:
        size = min(http2.local_flow_control_window(stream), http2.max_outbound_frame_size, len(message))
        if not size:
            break
        http2.send_data(stream, message[:size], end_stream=size == len(message))
        message = message[size:]
    return message


def _take(http2: H2Connection, event: Event, answer: _Answer) -> None:
    match event:
        case ResponseReceived() | TrailersReceived():
            answer.fields |= {str(name): str(value) for name, value in event.headers or ()}
        case DataReceived():
            answer.data = (answer.data + (event.data or b""))[:MAX_RESPONSE]
            http2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id or 0)
        case StreamEnded():
            answer.ended = True
        case StreamReset() | ConnectionTerminated() if not answer.ended:
            if "grpc-status" in answer.fields:
                answer.ended = True  # it had enough before it read all
            else:
                raise SendError(
                    f"it ended the call, with error {int(event.error_code or 0)} of HTTP/2", retry=True
                )


def _retry_delay(details: str) -> float | None:
    """Return the seconds of a google.rpc.RetryInfo among the details of a status; None without one.

    Status: 3 details (Any: 1 type_url, 2 value); RetryInfo: 1 retry_delay (Duration: 1 seconds, 2 nanos).
    """
    try:
        status = base64.b64decode(details + "=" * (-len(details) % 4))
        for number, _, content in wire_fields(status):
            parts = dict(_bytes_of(content)) if number == 3 and isinstance(content, bytes) else {}
            if parts.get(1, b"").endswith(b"/google.rpc.RetryInfo"):
                delay = dict(_bytes_of(parts.get(2, b""))).get(1, b"")
                found = {key: value for key, _, value in wire_fields(delay) if isinstance(value, int)}
                return found.get(1, 0) + found.get(2, 0) / 1e9
    except (binascii.Error, ProtobufError):
        pass
    return None


def _bytes_of(message: bytes) -> list[tuple[int, bytes]]:
    return [(number, value) for number, _, value in wire_fields(message) if isinstance(value, bytes)]
