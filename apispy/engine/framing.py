"""How the two messages of a call are framed: when the head of the answer comes, and what its body is made of.

Docker's descriptions of the API do not tell (most streams are ``application/json`` in them), so this is written by
hand, from the daemon's code and from what dockerd 20.10.24 sends. An error is framed otherwise: one JSON object, or
before API 1.24 a line of text.
"""

from dataclasses import dataclass
from typing import Literal

from apispy.engine.operation import Operation

Head = Literal["with-body", "at-once", "first-output", "takes-over"]
"""When the head of the answer comes: with the body; at once, the body later; with the first output, so that an error
before it has an error status, and one after it stands in the stream; or it takes the connection over from HTTP."""


@dataclass(frozen=True, slots=True)
class Framing:
    """The framing of one message; *name* is unique in its table."""

    name: str
    explanation: str
    head: Head = "with-body"  # of a request it says nothing
    separator: str = ""  # what stands after each record of a stream of records


def _table(*framings: Framing) -> dict[str, Framing]:
    return {framing.name: framing for framing in framings}


REQUESTS = _table(
    Framing("empty", "No body; parameters stand in the query, or of a POST in a form as the body."),
    Framing("json", "One JSON object, which must be declared as application/json."),
    Framing(
        "tar",
        "A tar archive, plain or compressed (gzip, bzip2, xz, zstd), chunked when it is made on the fly.",
    ),
)
"""By name."""

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
    Framing("tar", "A tar archive, chunked, as it is made."),
    Framing("text", "A few lines of text."),
    Framing("raw", "Bytes in a format of their own, such as a profile."),
)
"""By name."""


def request_framing(operation: Operation) -> Framing:
    """How the body of a request is framed. Every such body may be missing."""
    return REQUESTS[operation.request or "empty"]


def response_framing(operation: Operation) -> Framing:
    """How a successful answer is framed."""
    return RESPONSES[_response_name(operation)]


def _response_name(operation: Operation) -> str:
    """The format tells, but that what changes something streams otherwise than what only looks."""
    looks = operation.method == "GET"
    match operation.response:
        case "events" | "stats":
            return "records"
        case "stdio":
            return "logs" if looks else "hijack"
        case "json" if operation.opens == "always":
            return "late-json"
    return operation.response or "empty"
