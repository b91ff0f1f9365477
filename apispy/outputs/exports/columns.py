"""The columns of the flat formats, one call a row. This table is their documentation too."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from apispy.model import Body, Direction
from apispy.outputs.arguments import arguments, quoted
from apispy.outputs.base import Reading
from apispy.outputs.outcome import outcome

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """``kind`` is what every cell holds unless it is empty: "text", "integer" or "number"."""

    name: str
    kind: str
    says: str
    of: Callable[[Reading], Cell]


LAST_SECOND = 253_402_300_799  # of the year 9999


def time_text(seconds: float) -> str:
    """Unix seconds as ISO 8601 in UTC, to the microsecond: "2023-11-14T22:13:20.002000Z"."""
    return (
        datetime.fromtimestamp(min(max(seconds, 0), LAST_SECOND), UTC)
        .isoformat(timespec="microseconds")
        .replace("+00:00", "Z")
    )


def _size(direction: Direction) -> Callable[[Reading], Cell]:
    def of(reading: Reading) -> Cell:
        return reading.exchange.streams.get(direction, Body()).size

    return of


def _arguments(reading: Reading) -> str:
    """Those of the path, then those that the console shows, as a shell takes them."""
    found = reading.call.arguments | arguments(reading)
    return " ".join(f"{name}={quoted(value)}" for name, value in found.items())


def _answered(reading: Reading) -> Cell:
    response = reading.exchange.response
    return None if response is None else round(response.at, 6)


COLUMNS: tuple[Column, ...] = (
    Column("id", "integer", "number of the call in its session, from 1", lambda r: r.exchange.id),
    Column("connection", "integer", "number of its connection, from 1", lambda r: r.exchange.connection),
    Column("started", "text", "arrival of the first byte: ISO 8601, UTC, microseconds",
           lambda r: time_text(r.exchange.started)),
    Column("duration", "number", "seconds from the first byte to the end of the call",
           lambda r: round(r.exchange.duration, 6)),
    Column("answered", "number", "seconds from the first byte to the response head; empty: no response", _answered),
    Column("client", "text", "description of the client", lambda r: r.exchange.client),
    Column("user_agent", "text", "the client's User-Agent header",
           lambda r: r.exchange.request.headers.text("user-agent")),
    Column("upstream", "text", "address of the daemon", lambda r: r.exchange.upstream),
    Column("operation", "text", "Docker's operation ID; empty: unknown", lambda r: r.call.operation.id or None),
    Column("method", "text", "request method", lambda r: r.exchange.request.method),
    Column("target", "text", "request target as sent, with version and query", lambda r: r.exchange.request.target),
    Column("path", "text", "path without version and query", lambda r: r.call.path),
    Column("version", "text", "API version that the client named", lambda r: r.call.version),
    Column("arguments", "text", "the main arguments, name=value", _arguments),
    Column("status", "integer", "response status; empty: no response",
           lambda r: r.exchange.response.status if r.exchange.response else None),
    Column("failed", "integer", "1 if the call failed, else 0", lambda r: int(r.failed)),
    Column("outcome", "text", "the result in words", outcome),
    Column("errors", "text", "errors reported by the daemon", lambda r: "; ".join(r.errors)),
    Column("problems", "text", "problems on the wire", lambda r: "; ".join(r.exchange.problems)),
    Column("notes", "text", "apispy's notes about the call", lambda r: "; ".join(r.notes)),
    Column("end", "text", "complete, cut or open", lambda r: r.exchange.end),
    Column("tunnel", "text", "protocol of a hijacked or upgraded connection",
           lambda r: r.exchange.tunnel.protocol if r.exchange.tunnel else None),
    Column("request_bytes", "integer", "size of the request body", _size("request")),
    Column("response_bytes", "integer", "size of the response body", _size("response")),
    Column("to_server_bytes", "integer", "bytes that a hijacked connection carried to the daemon", _size("to_server")),
    Column("to_client_bytes", "integer", "bytes that a hijacked connection carried to the client", _size("to_client")),
)  # fmt: skip


def row(reading: Reading) -> dict[str, Cell]:
    """One call, by the columns' names; an empty text is None."""
    return {column.name: None if (cell := column.of(reading)) == "" else cell for column in COLUMNS}
