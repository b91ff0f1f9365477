"""The framing of requests and responses: when the response head arrives, and what the body consists of.

Docker's API descriptions do not say (they call most streams ``application/json``), so these tables are written by hand,
from the daemon's code and from the output of dockerd 20.10.24. An error response is one JSON object, or before API 1.24
a line of text.
"""

from typing import Literal

from apispy.engine.operation import Operation
from apispy.structs import Struct

Head = Literal["with-body", "at-once", "first-output", "takes-over"]
"""When the response head arrives: with the body; at once, before the body; with the first output, so that an earlier
error has an error status and a later one is part of the stream; or when the connection is hijacked."""


class Framing(Struct, frozen=True):
    """The framing of one message. *name* is unique in its table."""

    name: str
    explanation: str
    head: Head = "with-body"  # not used for requests
    separator: str = ""  # ends each record of a stream of records


def _table(*framings: Framing) -> dict[str, Framing]:
    return {framing.name: framing for framing in framings}


REQUESTS = _table(
    Framing("empty", "No body; parameters stand in the query, or of a POST in a form as the body."),
    Framing("json", "One JSON object, which must be declared as application/json."),
    Framing(
        "tar",
        "A tar archive, plain or compressed (gzip, bzip2, xz, zstd), chunked when it is made on the fly.",
    ),
    Framing("import", "With fromSrc=- a tar archive to import, plain or compressed; a pull has no body."),
    Framing("grpc", "Over HTTP/2: gRPC messages, each with a prefix of 5 bytes."),
)
"""Request framings by name."""

IMPORTS = frozenset(("ImageCreate",))
"""Operations that take an archive only if a parameter says so."""

RESPONSES = _table(
    Framing("empty", "No body; the status, and for some calls a header, says all."),
    Framing("json", "One JSON value and a newline, with its length, or chunked when it is larger."),
    Framing(
        "late-json",
        "The head comes at once, the JSON object when the thing waited for happens (before API 1.30 both come then).",
        "at-once",
    ),
    Framing(
        "records",
        "JSON objects, each when it happens; from API 1.52 as JSON lines, or as JSON sequences (0x1E before each) "
        "for a client that accepts them.",
        "at-once",
        "\n",
    ),
    Framing(
        "samples",
        "JSON objects, each with a newline: one each second, or a single one with stream=0.",
        "at-once",
        "\n",
    ),
    Framing(
        "progress",
        "JSON objects that tell how far the work is; it may fail after a 200, the last object then has an error.",
        "first-output",
        "\r\n",
    ),
    Framing(
        "logs",
        "Stdout and stderr in frames of 8 bytes head and their content, or of a container with a terminal raw bytes.",
        "at-once",
    ),
    Framing(
        "hijack",
        "After 101, or 200 if no upgrade was asked for, both ways carry bytes until they are closed: input raw, "
        "output in frames, or raw if there is a terminal.",
        "takes-over",
    ),
    Framing(
        "websocket",
        "After 101 both ways carry WebSocket messages, with no stdio frames inside; binary, before API 1.28 text.",
        "takes-over",
    ),
    Framing("h2c", "After 101 the connection speaks HTTP/2 without TLS, and gRPC in it.", "takes-over"),
    Framing("grpc", "Over HTTP/2: gRPC messages, each with a prefix of 5 bytes, and the status in trailers."),
    Framing("tar", "A tar archive, chunked, as it is made."),
    Framing("text", "A few lines of text."),
    Framing("raw", "Bytes in a format of their own, such as a profile."),
)
"""Response framings by name."""


def request_framing(operation: Operation) -> Framing:
    """The framing of the request body. Every body is optional."""
    return REQUESTS["import" if operation.id in IMPORTS else operation.request or "empty"]


def response_framing(operation: Operation) -> Framing:
    """The framing of a successful response."""
    return RESPONSES[_response_name(operation)]


def _response_name(operation: Operation) -> str:
    """Derive the framing from the format; operations that change something stream differently from those that read."""
    looks = operation.method == "GET"
    match operation.response:
        case "events":
            return "records"
        case "stats":
            return "samples"
        case "stdio":
            return "logs" if looks else "hijack"
        case "json" if operation.opens == "always":
            return "late-json"
    return operation.response or "empty"
