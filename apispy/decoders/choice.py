"""The choice of a decoder for a stream: by the operation's table, corrected by the headers of the message."""

from apispy.decoders.grpc_schema import SESSION
from apispy.engine.operation import Call
from apispy.model import Direction, Headers

DECODER_BY_TYPE = {
    "application/json": "json",
    "application/jsonl": "json-lines",
    "application/x-ndjson": "json-lines",
    "application/json-seq": "json-lines",
    "application/x-tar": "tar",
    "application/vnd.docker.raw-stream": "stdio",  # without an upgrade, framed streams have this type too
    "application/vnd.docker.multiplexed-stream": "frames",
    "application/x-www-form-urlencoded": "text",
    "text/event-stream": "event-stream",
}
"""Decoder by media type. Any other ``text/*`` is text; for all other types the first bytes decide."""

DECISIVE_TYPES = frozenset(
    (
        "application/jsonl",
        "application/x-ndjson",
        "application/json-seq",
        "application/x-tar",
        "application/vnd.docker.multiplexed-stream",
        "text/event-stream",
    )
)
"""Media types that override the table, because the client may have requested another form of the response.

``application/json`` is not one of them: the daemon uses it for streams of objects too.
"""

JSON_STREAMS = ("json-lines", "events", "progress", "stats")
"""Decoders for JSON values with any separator. A media type for one separator does not override them."""

CODINGS = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate", "zstd": "zstd"}
"""Names in apispy.decoders.compression by Content-Encoding. Other codings (br) are not decoded."""

UPGRADED = ("h2c", "websocket")
"""Protocols of tunnels that have a decoder of their own."""


def choose(
    call: Call, direction: Direction, headers: Headers, status: int | None, *, tty: bool | None = None
) -> str:
    """Return the name of the decoder for one stream, for ``make``.

    *headers* and *status* are those of the message to which the stream belongs: the request for "request", otherwise
    the response. *status* is None while there is no response, and is ignored for a request. *tty* is whether the
    program that may have written the stream has a terminal, if earlier calls show that: without one, its output is
    in frames.
    """
    match direction:
        case "request":
            return _with_coding(_for_session(call, _by_table(call.operation.request, headers)), headers)
        case "response":
            name = _for_session(call, _for_response(call, headers, status or 200))
            return _with_coding(_for_output(name, tty), headers)
        case "to_server":
            return _for_upgrade(call, headers) or "raw"
        case "to_client":
            return _for_upgrade(call, headers) or _for_output(_for_hijack(headers), tty)


def _for_response(call: Call, headers: Headers, status: int) -> str:
    """Errors and redirects are JSON or text, whatever the operation's other responses are."""
    if status < 300:
        return _by_table(call.operation.response, headers)
    return "json" if _by_type(headers) in ("json", "json-lines") else "text"


def _for_session(call: Call, name: str) -> str:
    """The messages of one gRPC method carry HTTP/2."""
    return "grpc-session" if name == "grpc" and call.path == SESSION else name


def _by_table(name: str, headers: Headers) -> str:
    by_type = _by_type(headers)
    if not name:
        return by_type
    is_decisive = _media_type(headers) in DECISIVE_TYPES
    return by_type if is_decisive and not (by_type == "json-lines" and name in JSON_STREAMS) else name


def _by_type(headers: Headers) -> str:
    media_type = _media_type(headers)
    if media_type.startswith("application/grpc"):  # also application/grpc+proto
        return "grpc"
    return DECODER_BY_TYPE.get(media_type) or ("text" if media_type.startswith("text/") else "sniffed")


def _media_type(headers: Headers) -> str:
    return headers.media_type


def _for_hijack(headers: Headers) -> str:
    return "frames" if _by_type(headers) == "frames" else "stdio"


def _for_output(name: str, tty: bool | None) -> str:
    """The output of a program is raw with a terminal, in frames without; "stdio" detects which if *tty* is None."""
    if name != "stdio" or tty is None:
        return name
    return "raw" if tty else "frames"


def _with_coding(name: str, headers: Headers) -> str:
    coding = headers.text("content-encoding", "identity").strip().lower()
    if coding in ("", "identity"):
        return name
    return f"{name} in {CODINGS[coding]}" if coding in CODINGS else "opaque"


def _for_upgrade(call: Call, headers: Headers) -> str:
    """Return the protocol of a tunnel if it has a decoder of its own, otherwise ""."""
    protocol = headers.text("upgrade").strip().lower() or call.operation.response
    return protocol if protocol in UPGRADED else ""
