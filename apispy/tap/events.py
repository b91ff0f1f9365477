"""The events that the tap emits for one connection, in the order in which they happened."""

from apispy.model import Chunk, Direction, Exchange, Seen
from apispy.structs import Struct

CLIENT_LEFT = "the client left"
CLIENT_RESET = "the client reset the connection"
DAEMON_LEFT = "the daemon closed the connection"
DAEMON_RESET = "the daemon reset the connection"
"""Reasons for the end of a connection, as ``ConnectionTap.lost`` takes them and ``Exchange.problems`` has them."""


class Opened(Struct, frozen=True):
    """A request's head is complete. ``exchange.request.body`` is still empty.

    *refused*: why the head is not valid, so that a daemon answers with 400; "" for a valid one.
    """

    exchange: Exchange
    refused: str = ""


class ResponseStarted(Struct, frozen=True):
    """The final response's head is complete. ``exchange.tunnel`` is set if the connection was hijacked."""

    exchange: Exchange


class Data(Struct, frozen=True):
    """Bytes of one stream without transfer coding. ``offset`` is their position in that stream."""

    exchange_id: int
    direction: Direction
    offset: int
    chunk: Chunk


class StreamEnded(Struct, frozen=True):
    """The regular end of a stream, or the half-close of a tunnel's stream. ``at`` is in seconds, as in Chunk."""

    exchange_id: int
    direction: Direction
    at: float


class Closed(Struct, frozen=True):
    """The exchange is over. ``exchange.end`` is not "open", and its streams hold the kept bytes."""

    exchange: Exchange


class GaveUp(Struct, frozen=True):
    """The tap cannot parse this connection any further. The traffic is not affected."""

    connection: int
    reason: str
    at: float = 0.0  # Unix seconds


class Skipped(Struct, frozen=True):
    """Bytes of a stream that were not kept. Only captures have this event: the tap sees all bytes."""

    exchange_id: int
    direction: Direction
    size: int


class Read(Struct, frozen=True):
    """What was decoded from skipped bytes when they flowed. Only captures have this event."""

    exchange_id: int
    direction: Direction
    seen: Seen


Event = Opened | ResponseStarted | Data | StreamEnded | Closed | GaveUp | Skipped | Read
