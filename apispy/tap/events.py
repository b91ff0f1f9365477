"""The events that the tap emits for one connection, in the order in which they happened."""

from dataclasses import dataclass

from apispy.model import Chunk, Direction, Exchange, Seen

CLIENT_LEFT = "the client left"
CLIENT_RESET = "the client reset the connection"
DAEMON_LEFT = "the daemon closed the connection"
DAEMON_RESET = "the daemon reset the connection"
"""Reasons for the end of a connection, as ``ConnectionTap.lost`` takes them and ``Exchange.problems`` has them."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A request's head is complete. ``exchange.request.body`` is still empty.

    *refused*: why the head is not valid, so that a daemon answers with 400; "" for a valid one.
    """

    exchange: Exchange
    refused: str = ""


@dataclass(frozen=True, slots=True)
class ResponseStarted:
    """The final response's head is complete. ``exchange.tunnel`` is set if the connection was hijacked."""

    exchange: Exchange


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes of one stream without transfer coding. ``offset`` is their position in that stream."""

    exchange_id: int
    direction: Direction
    offset: int
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """The regular end of a stream, or the half-close of a tunnel's stream. ``at`` is in seconds, as in Chunk."""

    exchange_id: int
    direction: Direction
    at: float


@dataclass(frozen=True, slots=True)
class Closed:
    """The exchange is over. ``exchange.end`` is not "open", and its streams hold the kept bytes."""

    exchange: Exchange


@dataclass(frozen=True, slots=True)
class GaveUp:
    """The tap cannot parse this connection any further. The traffic is not affected."""

    connection: int
    reason: str
    at: float = 0.0  # Unix seconds


@dataclass(frozen=True, slots=True)
class Skipped:
    """Bytes of a stream that were not kept. Only captures have this event: the tap sees all bytes."""

    exchange_id: int
    direction: Direction
    size: int


@dataclass(frozen=True, slots=True)
class Read:
    """What was decoded from skipped bytes when they flowed. Only captures have this event."""

    exchange_id: int
    direction: Direction
    seen: Seen


Event = Opened | ResponseStarted | Data | StreamEnded | Closed | GaveUp | Skipped | Read
