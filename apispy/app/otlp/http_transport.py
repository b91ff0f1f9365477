"""OTLP over HTTP, with protobuf. Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp"""

import http.client

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

ADVICE = {
    401: CHECK_HEADERS,
    403: CHECK_HEADERS,
    404: "Check the path of --otlp: apispy adds /v1/traces and /v1/metrics to it",
    405: "Check the address of --otlp: the receiver takes no POST there",
    415: "The receiver takes no protobuf there: check the address of --otlp",
}
"""What to do about a status."""


class HttpTransport:
    """Sends to http:// and https://. Raises UsageError if the CA cannot be used."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._context = settings, tls_context(settings)

    def send(self, signal: Signal, body: bytes, timeout: float) -> Accepted:
        settings = self._settings
        connection = (
            http.client.HTTPSConnection(settings.host, settings.port, timeout=timeout, context=self._context)
            if self._context
            else http.client.HTTPConnection(settings.host, settings.port, timeout=timeout)
        )
        fields = {"content-type": "application/x-protobuf", "user-agent": f"apispy/{__version__}"}
        try:
            connection.request("POST", f"{settings.path}/v1/{signal}", body, fields | dict(settings.headers))
            response = connection.getresponse()
            content = response.read(MAX_RESPONSE)
        except OSError as error:
            raise connection_error(error) from None
        except http.client.HTTPException as error:
            raise SendError(f"it does not speak HTTP: {type(error).__name__}", retry=True) from None
        finally:
            connection.close()
        if 200 <= response.status < 300:
            return accepted(content)
        raise self._refusal(response, content)

    def _refusal(self, response: http.client.HTTPResponse, content: bytes) -> SendError:
        status = f"{response.status} {response.reason}".rstrip()
        text = answered(self._settings, status, _message(response, content), ADVICE.get(response.status))
        after = response.getheader("Retry-After") or ""
        seconds = float(after) if after.isdecimal() and len(after) < 6 else None  # or a date, which few send
        return SendError(text, retry=response.status in RETRY_HTTP, after=seconds)


def _message(response: http.client.HTTPResponse, content: bytes) -> str:
    """Return the message of an error: of a google.rpc.Status (2 message), or the text."""
    kind = response.getheader("Content-Type") or ""
    if kind.startswith("application/x-protobuf"):
        try:
            fields = {number: value for number, _, value in wire_fields(content)}
        except ProtobufError:
            return ""
        content = message if isinstance(message := fields.get(2, b""), bytes) else b""
    elif not kind.startswith(("text/plain", "application/json")):
        return ""
    return " ".join(content.decode("utf-8", "replace").split())[:MAX_TEXT]
