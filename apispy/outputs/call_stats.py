"""What is counted of one call."""

from dataclasses import dataclass

from apispy.outputs.base import Reading
from apispy.outputs.reading_values import received, sent

READS = ("GET", "HEAD")


@dataclass(slots=True)
class CallStats:
    """Times are seconds, sizes bytes of bodies and tunnels."""

    operation: str  # Docker's operationId, "" for a call that is not known
    method: str
    started: float  # Unix seconds
    duration: float
    latency: float | None  # to its end, or to its answer's head if it stays open; None: no answer
    failed: bool
    sent: int
    received: int
    again: int | None  # what two reads of one thing have in common; None: no read, or one that stays open


def stats_of(reading: Reading) -> CallStats:
    exchange, lasts = reading.exchange, reading.call.stays_open
    response, request = exchange.response, exchange.request
    return CallStats(
        reading.call.operation.id,
        request.method,
        exchange.started,
        exchange.duration,
        None if response is None else response.at if lasts else exchange.duration,
        reading.failed,
        sent(reading),
        received(reading),
        repeat_key(request.method, request.target, lasts),
    )


def repeat_key(method: str, target: str, lasts: bool) -> int | None:
    """``CallStats.again``."""
    return None if lasts or method not in READS else hash((method, target))
