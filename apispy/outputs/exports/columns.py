"""The columns of the flat formats, one row per call. docs/exports.md is generated from this table."""

from collections.abc import Callable

from apispy import units
from apispy.model import Body, Direction
from apispy.outputs.arguments import arguments, shell_quoted
from apispy.outputs.base import DecodedCall
from apispy.outputs.outcome import outcome
from apispy.structs import Struct

Cell = str | int | float | None


class Column(Struct, frozen=True):
    """A column. ``kind`` is the type of its cells unless they are empty: "text", "integer" or "number"."""

    name: str
    kind: str
    description: str
    value: Callable[[DecodedCall], Cell]


LAST_MICROS = 2**63 // 1000 - 1
"""The last time, in microseconds, that 64 bits of nanoseconds can hold: in the year 2262."""


def unix_micros(seconds: float) -> int:
    """Return Unix seconds as whole microseconds, from 0 to LAST_MICROS."""
    if not 0.0 <= seconds <= LAST_MICROS / 1e6:
        seconds = min(max(seconds, 0.0), LAST_MICROS / 1e6)
    return round(seconds * 1e6)


def iso_time(seconds: float) -> str:
    """Format Unix seconds as ISO 8601 in UTC, to the microsecond: "2023-11-14T22:13:20.002000Z"."""
    return units.utc(max(seconds, 0)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _size(direction: Direction) -> Callable[[DecodedCall], Cell]:
    def size(decoded: DecodedCall) -> Cell:
        return decoded.exchange.streams.get(direction, Body()).size

    return size


def _arguments(decoded: DecodedCall) -> str:
    """Format the path arguments, then those that the console shows, quoted for a shell."""
    found = decoded.call.arguments | arguments(decoded)
    return " ".join(f"{name}={shell_quoted(value)}" for name, value in found.items())


def _response_time(decoded: DecodedCall) -> Cell:
    response = decoded.exchange.response
    return None if response is None else round(response.at, 6)


COLUMNS: tuple[Column, ...] = (
    Column("id", "integer", "number of the call in its session, from 1", lambda r: r.exchange.id),
    Column("connection", "integer", "number of its connection, from 1", lambda r: r.exchange.connection),
    Column("started", "text", "time of its first byte: ISO 8601, UTC, microseconds",
           lambda r: iso_time(r.exchange.started)),
    Column("duration", "number", "seconds from its first byte to its end", lambda r: round(r.exchange.duration, 6)),
    Column("answered", "number", "seconds from its first byte to the response head; empty: no response",
           _response_time),
    Column("client", "text", "description of the client", lambda r: r.exchange.client),
    Column("user_agent", "text", "the client's User-Agent",
           lambda r: r.exchange.request.headers.text("user-agent")),
    Column("upstream", "text", "address of the daemon", lambda r: r.exchange.upstream),
    Column("operation", "text", "Docker's operationId; empty: unknown", lambda r: r.call.operation.id or None),
    Column("tag", "text", "chapter of Docker's reference: Container, Image, ...; empty: unknown",
           lambda r: r.call.operation.tag or None),
    Column("method", "text", "request method", lambda r: r.exchange.request.method),
    Column("target", "text", "request target as sent, with version and query", lambda r: r.exchange.request.target),
    Column("path", "text", "path without version and query", lambda r: r.call.path),
    Column("version", "text", "API version in the request path", lambda r: r.call.version),
    Column("arguments", "text", "the important arguments, name=value", _arguments),
    Column("status", "integer", "response status; empty: no response",
           lambda r: r.exchange.response.status if r.exchange.response else None),
    Column("failed", "integer", "1 if the call failed, else 0", lambda r: int(r.failed)),
    Column("outcome", "text", "description of the result", outcome),
    Column("errors", "text", "the daemon's error messages", lambda r: "; ".join(r.errors)),
    Column("problems", "text", "protocol and connection errors", lambda r: "; ".join(r.exchange.problems)),
    Column("notes", "text", "apispy's notes about the call", lambda r: "; ".join(r.notes)),
    Column("end", "text", "complete, left (by the client), cut or open", lambda r: r.exchange.end),
    Column("tunnel", "text", "protocol of a hijacked or upgraded connection",
           lambda r: r.exchange.tunnel.protocol if r.exchange.tunnel else None),
    Column("request_bytes", "integer", "size of the request body", _size("request")),
    Column("response_bytes", "integer", "size of the response body", _size("response")),
    Column("to_server_bytes", "integer", "bytes that a hijacked connection carried to the daemon", _size("to_server")),
    Column("to_client_bytes", "integer", "bytes that a hijacked connection carried to the client", _size("to_client")),
)  # fmt: skip


def row(decoded: DecodedCall) -> dict[str, Cell]:
    """Return the cells of one call by column name; empty text becomes None."""
    return {column.name: None if (cell := column.value(decoded)) == "" else cell for column in COLUMNS}
