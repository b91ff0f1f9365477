"""What is counted of one call."""

from dataclasses import dataclass

from apispy.outputs.base import Reading
from apispy.outputs.values import received, sent

READS = ("GET", "HEAD")


@dataclass(slots=True)
class Figures:
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


def figures_of(reading: Reading) -> Figures:
    exchange, lasts = reading.exchange, reading.call.stays_open
    response, request = exchange.response, exchange.request
    return Figures(
        reading.call.operation.id,
        request.method,
        exchange.started,
        exchange.duration,
        None if response is None else response.at if lasts else exchange.duration,
        reading.failed,
        sent(reading),
        received(reading),
        read_of(request.method, request.target, lasts),
    )


def read_of(method: str, target: str, lasts: bool) -> int | None:
    """``Figures.again``."""
    return None if lasts or method not in READS else hash((method, target))
