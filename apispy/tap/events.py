"""What the tap says while it reads one connection, in the order in which it happened."""

from dataclasses import dataclass

from apispy.model import Chunk, Direction, Exchange, Seen


@dataclass(frozen=True, slots=True)
class Opened:
    """A request's head is complete. ``exchange.request.body`` is still empty."""

    exchange: Exchange


@dataclass(frozen=True, slots=True)
class ResponseStarted:
    """The final response's head is complete. ``exchange.tunnel`` is set when the connection was hijacked."""

    exchange: Exchange


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes of one stream, transfer coding removed. ``offset`` is where they start in that stream."""

    exchange_id: int
    direction: Direction
    offset: int
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """A stream's regular end, or its half-close when it is one of a tunnel; ``at`` as in Chunk."""

    exchange_id: int
    direction: Direction
    at: float


@dataclass(frozen=True, slots=True)
class Closed:
    """The exchange is over: ``exchange.end`` is "complete" or "cut", and its streams hold what was kept."""

    exchange: Exchange


@dataclass(frozen=True, slots=True)
class GaveUp:
    """The tap cannot read this connection any further. The traffic is not touched by it."""

    connection: int
    reason: str
    at: float = 0.0  # Unix seconds


@dataclass(frozen=True, slots=True)
class Skipped:
    """Bytes that went by and are not there. Only a capture says this: the tap sees all."""

    exchange_id: int
    direction: Direction
    size: int


@dataclass(frozen=True, slots=True)
class Read:
    """What was read in bytes that were skipped, when they flowed."""

    exchange_id: int
    direction: Direction
    seen: Seen


Event = Opened | ResponseStarted | Data | StreamEnded | Closed | GaveUp | Skipped | Read
