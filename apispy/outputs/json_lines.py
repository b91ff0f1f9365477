"""One JSON object per finished call, on one line, in pure ASCII; and one per notice: ``notice`` and ``at``.

| field       | meaning |
|-------------|---|
| id          | number of the call in this session, from 1 |
| connection  | number of its connection, from 1 |
| started     | time of its first byte: ISO 8601, UTC, microseconds |
| duration    | seconds from its first byte to its end |
| client      | description of the client |
| upstream    | address of the daemon, as dialled |
| operation   | Docker's operationId, service and method of a gRPC call, or null for a call that apispy does not know |
| method      | request method |
| target      | request target exactly as sent, with version and query |
| path        | path without version and query |
| version     | API version in the request path, "1.41", or null |
| arguments   | object: path arguments by name, decoded |
| query       | list of [name, value], decoded, in order |
| status      | response status, or null without a response |
| reason      | response reason phrase, or null |
| outcome     | description of the result; may be "" |
| errors      | list: the daemon's error messages |
| problems    | list: protocol and connection errors that apispy saw |
| notes       | list: apispy's notes about the call |
| end         | "complete", "left" (the client ended it early), "cut" (it ended early for another reason), or "open" |
| curl        | with --curl: the command that repeats the call |
| build       | of a BuildKit tunnel or a gRPC call with a build: an object (docs/buildkit.md) |
| request     | object: a stream (below), and from -v on ``headers``, a list of [name, value] |
| response    | the same, and ``at``: seconds from the first byte to the response head; null without a response |
| tunnel      | null, or object: ``protocol``, and the streams ``to_server`` and ``to_client`` |

A stream is an object:

| field    | meaning |
|----------|---|
| size     | bytes transferred, transfer coding removed |
| kept     | bytes of these that were kept, from the beginning |
| withheld | true when the content is left out because it holds secrets |
| format   | decoder name (docs/decoders.md), followed by " in gzip" and the like when compressed; null for no bytes |
| encoding | from -vv on: encoding of ``body``: "json" (decoded), "text" (UTF-8) or "base64" |
| body     | from -vv on: the content; null when there is none |
| messages | from -vv on, of a BuildKit tunnel or a gRPC call: those that were decoded (docs/buildkit.md) |
"""

import base64
import json
from collections.abc import Callable
from typing import Any

from apispy import units
from apispy.decoders.grpc_messages import messages_of
from apispy.model import Direction, Headers
from apispy.outputs.base import DecodedCall, Output
from apispy.outputs.decoded_values import ascii_json
from apispy.outputs.outcome import outcome


class JsonLines(Output):
    """Writes one JSON object per call. *verbosity* 1 adds headers, 2 adds bodies; *curl* returns the curl command."""

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        verbosity: int = 0,
        curl: Callable[[DecodedCall], str] | None = None,
    ) -> None:
        self._write = write
        self._curl = curl
        self._verbosity = verbosity

    def notice(self, text: str, at: float) -> None:
        """Write a notice as an object of its own, as captures have it."""
        self._write(notice_line(text, at))

    def write(self, decoded: DecodedCall) -> None:
        self._write(ascii_json(self._record(decoded)) + "\n")

    def _record(self, decoded: DecodedCall) -> dict[str, Any]:
        curl = {"curl": self._curl(decoded)} if self._curl else {}
        summary = decoded.build.summary()
        build = {"build": summary} if summary else {}
        return _request_fields(decoded) | _response_fields(decoded) | curl | build | self._contents(decoded)

    def _contents(self, decoded: DecodedCall) -> dict[str, Any]:
        request, response = decoded.exchange.request, decoded.exchange.response
        tunnel = decoded.exchange.tunnel
        response_record = None
        if response is not None:
            response_record = {"at": round(response.at, 6)} | self._message(
                decoded, "response", response.headers
            )
        return {
            "request": self._message(decoded, "request", request.headers),
            "response": response_record,
            "tunnel": tunnel
            and {
                "protocol": tunnel.protocol,
                "to_server": self._stream(decoded, "to_server"),
                "to_client": self._stream(decoded, "to_client"),
            },
        }

    def _message(self, decoded: DecodedCall, direction: Direction, headers: Headers) -> dict[str, Any]:
        fields = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]
        return ({"headers": fields} if self._verbosity > 0 else {}) | self._stream(decoded, direction)

    def _stream(self, decoded: DecodedCall, direction: Direction) -> dict[str, Any]:
        body, format_name = decoded.exchange.streams[direction], decoded.formats.get(direction)
        sizes = {"size": body.size, "kept": body.kept, "withheld": not body.shown, "format": format_name}
        if self._verbosity < 2:
            return sizes
        messages = [message for item in decoded.items.get(direction, ()) for message in messages_of(item)]
        return sizes | _content(body.data) | ({"messages": messages} if messages else {})


def notice_line(text: str, at: float) -> str:
    """Format a notice as a line. *at*: Unix seconds."""
    return ascii_json({"notice": text, "at": round(at, 6)}) + "\n"


def _request_fields(decoded: DecodedCall) -> dict[str, Any]:
    exchange, call = decoded.exchange, decoded.call
    return {
        "id": exchange.id,
        "connection": exchange.connection,
        "started": units.utc(exchange.started).isoformat(timespec="microseconds"),
        "duration": round(exchange.duration, 6),
        "client": exchange.client,
        "upstream": exchange.upstream,
        "operation": call.operation.id or None,
        "method": exchange.request.method,
        "target": exchange.request.target,
        "path": call.path,
        "version": call.version,
        "arguments": call.arguments,
        "query": [list(pair) for pair in call.query],
    }


def _response_fields(decoded: DecodedCall) -> dict[str, Any]:
    response = decoded.exchange.response
    return {
        "status": response.status if response else None,
        "reason": response.reason if response else None,
        "outcome": outcome(decoded),
        "errors": list(decoded.errors),
        "problems": list(decoded.exchange.problems),
        "notes": list(decoded.notes),
        "end": decoded.exchange.end,
    }


def _content(data: bytes) -> dict[str, Any]:
    """Encode the bytes in the most readable form that loses no information."""
    if not data:
        return {"encoding": "text", "body": None}
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return {"encoding": "base64", "body": base64.b64encode(data).decode("ascii")}
    if text.lstrip().startswith(("{", "[")):
        try:
            return {"encoding": "json", "body": json.loads(text)}
        except (ValueError, RecursionError):
            pass
    return {"encoding": "text", "body": text}
