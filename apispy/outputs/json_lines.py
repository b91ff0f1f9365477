"""One JSON object per finished call, on one line, in pure ASCII.

| field       | what it is |
|-------------|---|
| id          | number of the call in this session, from 1 |
| connection  | number of its connection, from 1 |
| started     | when its first byte came, ISO 8601, UTC, microseconds |
| duration    | seconds from its first byte to its end |
| client      | who asked, in words |
| upstream    | the daemon's address as dialled |
| operation   | Docker's operationId, or null when apispy does not know the call |
| method      | the request's method |
| target      | the request's target exactly as sent, with version and query |
| path        | without version and query |
| version     | the API version that the client named, "1.41", or null |
| arguments   | object: the path's arguments by name, decoded |
| query       | list of [name, value], decoded, in order |
| status      | the answer's status, or null when there was none |
| reason      | its reason phrase, or null |
| outcome     | what came back, in words; may be "" |
| errors      | list: what went wrong, in the daemon's words |
| problems    | list: what apispy saw going wrong on the wire |
| notes       | list: what apispy remarks on the call |
| end         | "complete", "cut" or "open" (when apispy stopped) |
| curl        | with --curl: the command that repeats the call |
| request     | object: a stream (below), and from -v on ``headers``, a list of [name, value] |
| response    | likewise, and ``at``, seconds from the first byte to the answer's head; null when there was none |
| tunnel      | null, or object: ``protocol``, and the streams ``to_server`` and ``to_client`` |

A stream is an object:

| field    | what it is |
|----------|---|
| size     | bytes that went by, transfer coding removed |
| kept     | bytes of them that are known here, from the beginning |
| withheld | true when the content holds secrets and is not given |
| format   | how apispy read it: a name in docs/decoders.md, " in gzip" behind it when compressed; null for no bytes |
| encoding | from -vv on: how ``body`` is given: "json" (decoded), "text" (UTF-8) or "base64" |
| body     | from -vv on: the content; null when there is none |
"""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from apispy.model import Direction, Headers
from apispy.outputs.base import Output, Reading
from apispy.outputs.outcome import outcome
from apispy.outputs.reading_values import ascii_json


class JsonLines(Output):
    """Writes one JSON object per call. *verbosity* 1 adds headers, 2 bodies; *curl* the command that repeats it."""

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        verbosity: int = 0,
        curl: Callable[[Reading], str] | None = None,
    ) -> None:
        self._write = write
        self._curl = curl
        self._verbosity = verbosity

    def notice(self, text: str, at: float) -> None:
        """Nothing: every line is a call. What is to be said besides is another output's, on standard error."""

    def write(self, reading: Reading) -> None:
        self._write(ascii_json(self._record(reading)) + "\n")

    def _record(self, reading: Reading) -> dict[str, Any]:
        repeat = {"curl": self._curl(reading)} if self._curl else {}
        return _about(reading) | _came_back(reading) | repeat | self._contents(reading)

    def _contents(self, reading: Reading) -> dict[str, Any]:
        request, response = reading.exchange.request, reading.exchange.response
        tunnel = reading.exchange.tunnel
        answer = None
        if response is not None:
            answer = {"at": round(response.at, 6)} | self._message(reading, "response", response.headers)
        return {
            "request": self._message(reading, "request", request.headers),
            "response": answer,
            "tunnel": tunnel
            and {
                "protocol": tunnel.protocol,
                "to_server": self._stream(reading, "to_server"),
                "to_client": self._stream(reading, "to_client"),
            },
        }

    def _message(self, reading: Reading, direction: Direction, headers: Headers) -> dict[str, Any]:
        fields = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]
        return ({"headers": fields} if self._verbosity > 0 else {}) | self._stream(reading, direction)

    def _stream(self, reading: Reading, direction: Direction) -> dict[str, Any]:
        body, read_as = reading.exchange.streams[direction], reading.formats.get(direction)
        sizes = {"size": body.size, "kept": body.kept, "withheld": not body.shown, "format": read_as}
        return sizes | (_content(body.data) if self._verbosity > 1 else {})


def _about(reading: Reading) -> dict[str, Any]:
    exchange, call = reading.exchange, reading.call
    return {
        "id": exchange.id,
        "connection": exchange.connection,
        "started": datetime.fromtimestamp(exchange.started, UTC).isoformat(timespec="microseconds"),
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


def _came_back(reading: Reading) -> dict[str, Any]:
    response = reading.exchange.response
    return {
        "status": response.status if response else None,
        "reason": response.reason if response else None,
        "outcome": outcome(reading),
        "errors": list(reading.errors),
        "problems": list(reading.exchange.problems),
        "notes": list(reading.notes),
        "end": reading.exchange.end,
    }


def _content(data: bytes) -> dict[str, Any]:
    """The bytes in the most readable form that loses nothing that matters."""
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
