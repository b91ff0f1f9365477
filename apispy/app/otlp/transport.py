"""What the two transports of OTLP have in common: what a receiver may answer, and how it is reached over TLS."""

import ssl
from typing import Literal, Protocol

from apispy.app.otlp.settings import CA, HEADERS, Settings
from apispy.decoders.protobuf import ProtobufError, wire_fields
from apispy.errors import UsageError
from apispy.structs import Struct

Signal = Literal["traces", "metrics"]

MAX_TEXT = 200
"""Characters of a receiver's message that are shown."""

MAX_RESPONSE = 64 << 10
"""Bytes of a response that are read."""

RETRY_HTTP = (429, 502, 503, 504)
"""Statuses of HTTP after which a client is to try again."""

CHECK_HEADERS = f"Check {HEADERS}"
"""What to do if the receiver does not accept the credentials."""


class Accepted(Struct, frozen=True):
    """The receiver took a request, without *rejected* of its spans or points."""

    rejected: int = 0
    message: str = ""


class SendError(Exception):
    """A request failed. *retry*: it may succeed later; *after*: not before as many seconds, if the receiver said so."""

    def __init__(self, text: str, *, retry: bool, after: float | None = None) -> None:
        super().__init__(text)
        self.retry, self.after = retry, after


class Transport(Protocol):
    """A way to send requests, each over a connection of its own: they are seconds apart."""

    def send(self, signal: Signal, body: bytes, timeout: float) -> Accepted:
        """Send an export request in protobuf. *timeout*: seconds of each wait. Raises SendError."""


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """Return the context that verifies the receiver; None without TLS. Raises UsageError."""
    if not settings.uses_tls:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"{CA} {settings.ca}: {error.strerror or error}; name a file with certificates in PEM"
        ) from None
    if settings.uses_grpc:
        context.set_alpn_protocols(["h2"])
    return context


def accepted(response: bytes) -> Accepted:
    """Read an ExportTraceServiceResponse or ExportMetricsServiceResponse: 1 partial_success{1 rejected, 2 message}."""
    try:
        for number, _, content in wire_fields(response):
            if number == 1 and isinstance(content, bytes):
                parts = {key: value for key, _, value in wire_fields(content)}
                rejected, message = parts.get(1, 0), parts.get(2, b"")
                if isinstance(rejected, int) and isinstance(message, bytes):
                    return Accepted(rejected, message.decode("utf-8", "replace"))
    except ProtobufError:
        pass  # an empty page of a proxy, say; the status said that all is well
    return Accepted()


def answered(settings: Settings, status: str, message: str, advice: str | None) -> str:
    """Describe a refusal: its *status*, what the receiver says, and what to do about it, without secrets."""
    text = f"it answers {status}" + (f": {message}" if message else "") + (f". {advice}" if advice else "")
    return settings.without_secrets(text)


def connection_error(error: OSError) -> SendError:
    """Return what a failed connection means. A certificate that is not accepted will not be accepted later."""
    if isinstance(error, ssl.SSLCertVerificationError):
        text = f"its certificate is not accepted: {error.verify_message}. Name its CA in {CA}"
        return SendError(text, retry=False)
    if isinstance(error, TimeoutError):
        return SendError("it does not answer", retry=True)
    return SendError(error.strerror or str(error) or type(error).__name__, retry=True)
