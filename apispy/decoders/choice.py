"""Which decoder fits a stream: what the table says of the operation, corrected by what the message's head says."""

from apispy.engine.operation import Call
from apispy.model import Direction, Headers

BY_TYPE = {
    "application/json": "json",
    "application/jsonl": "json-lines",
    "application/x-ndjson": "json-lines",
    "application/json-seq": "json-lines",
    "application/x-tar": "tar",
    "application/vnd.docker.raw-stream": "stdio",  # without an upgrade it is called raw even if it has frames
    "application/vnd.docker.multiplexed-stream": "stdio",
    "application/x-www-form-urlencoded": "text",
    "": "opaque",
}
"""Decoder by media type; any other ``text/*`` is text, the rest is not read."""

TELLING = frozenset(
    (
        "application/jsonl",
        "application/x-ndjson",
        "application/json-seq",
        "application/x-tar",
        "application/vnd.docker.multiplexed-stream",
    )
)
"""Media types that say more than the table does: the client may have asked for another form of the answer.

``application/json`` is none of them, the daemon says it of streams of objects too.
"""

UPGRADED = ("h2c", "websocket")


def choose(call: Call, direction: Direction, headers: Headers, status: int | None) -> str:
    """The name of the decoder for one stream.

    *headers* and *status* are those of the message that the stream belongs to: the request's for "request", else the
    response's. *status* is None while there is no answer, and does not matter to a request.
    """
    if headers.text("content-encoding", "identity").strip().lower() not in ("", "identity"):
        return "opaque"
    match direction:
        case "request":
            return _by_table(call.operation.request, headers)
        case "response":
            return _response(call, headers, status or 200)
        case "to_server":
            return _upgraded(call, headers) or "raw"
        case "to_client":
            return _upgraded(call, headers) or "stdio"


def _response(call: Call, headers: Headers, status: int) -> str:
    """An error or a redirect has a form of its own, JSON or text, whatever the operation answers otherwise."""
    if status < 300:
        return _by_table(call.operation.response, headers)
    return "json" if _by_type(headers) in ("json", "json-lines") else "text"


def _by_table(name: str, headers: Headers) -> str:
    return _by_type(headers) if not name or _media_type(headers) in TELLING else name


def _by_type(headers: Headers) -> str:
    kind = _media_type(headers)
    return BY_TYPE.get(kind) or ("text" if kind.startswith("text/") else "opaque")


def _media_type(headers: Headers) -> str:
    return headers.text("content-type").partition(";")[0].strip().lower()


def _upgraded(call: Call, headers: Headers) -> str:
    """What a tunnel was upgraded to, if that is more than plain TCP."""
    protocol = headers.text("upgrade").strip().lower() or call.operation.response
    return protocol if protocol in UPGRADED else ""
