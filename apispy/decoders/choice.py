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
    "application/vnd.docker.multiplexed-stream": "frames",
    "application/x-www-form-urlencoded": "text",
}
"""Decoder by media type; any other ``text/*`` is text, of the rest the first bytes decide."""

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

JSON_STREAMS = ("json-lines", "events", "progress", "stats")
"""Decoders that read JSON values however they are separated, so that a media type for one way tells them nothing."""

CODINGS = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate", "zstd": "zstd"}
"""What a Content-Encoding is called in apispy.decoders.compression. Others (br) are not read."""

UPGRADED = ("h2c", "websocket")


def choose(
    call: Call, direction: Direction, headers: Headers, status: int | None, *, tty: bool | None = None
) -> str:
    """The name of the decoder for one stream, to be given to ``make``.

    *headers* and *status* are those of the message that the stream belongs to: the request's for "request", else the
    response's. *status* is None while there is no answer, and does not matter to a request. *tty* says whether the
    program whose output this may be has a terminal, if that is known from earlier calls: its output has frames if not.
    """
    match direction:
        case "request":
            return _packed(_by_table(call.operation.request, headers), headers)
        case "response":
            return _packed(_output(_response(call, headers, status or 200), tty), headers)
        case "to_server":
            return _upgraded(call, headers) or "raw"
        case "to_client":
            return _upgraded(call, headers) or _output(_terminal(headers), tty)


def _response(call: Call, headers: Headers, status: int) -> str:
    """An error or a redirect has a form of its own, JSON or text, whatever the operation answers otherwise."""
    if status < 300:
        return _by_table(call.operation.response, headers)
    return "json" if _by_type(headers) in ("json", "json-lines") else "text"


def _by_table(name: str, headers: Headers) -> str:
    by_type = _by_type(headers)
    if not name:
        return by_type
    tells = _media_type(headers) in TELLING and not (by_type == "json-lines" and name in JSON_STREAMS)
    return by_type if tells else name


def _by_type(headers: Headers) -> str:
    kind = _media_type(headers)
    return BY_TYPE.get(kind) or ("text" if kind.startswith("text/") else "sniffed")


def _media_type(headers: Headers) -> str:
    return headers.text("content-type").partition(";")[0].strip().lower()


def _terminal(headers: Headers) -> str:
    return "frames" if _by_type(headers) == "frames" else "stdio"


def _output(name: str, tty: bool | None) -> str:
    """A program's output: of a terminal the bytes as they are, else frames; "stdio" finds that out by itself."""
    if name != "stdio" or tty is None:
        return name
    return "raw" if tty else "frames"


def _packed(name: str, headers: Headers) -> str:
    coding = headers.text("content-encoding", "identity").strip().lower()
    if coding in ("", "identity"):
        return name
    return f"{name} in {CODINGS[coding]}" if coding in CODINGS else "opaque"


def _upgraded(call: Call, headers: Headers) -> str:
    """What a tunnel was upgraded to, if that is more than plain TCP."""
    protocol = headers.text("upgrade").strip().lower() or call.operation.response
    return protocol if protocol in UPGRADED else ""
