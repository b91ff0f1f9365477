"""The figures of one call that statistics count, and the outputs that need no more."""

from abc import abstractmethod

from apispy.model import Exchange
from apispy.outputs.base import DecodedCall, Output
from apispy.outputs.decoded_values import bytes_received, bytes_sent
from apispy.structs import Struct

READ_METHODS = ("GET", "HEAD")


class CallStats(Struct):
    """Times are seconds; sizes are bytes of bodies and tunnels."""

    operation: str  # Docker's operationId; "" for an unknown call
    tag: str  # chapter of Docker's reference, or the name of another API: "Podman"; "" for an unknown call
    method: str
    started: float  # Unix seconds
    duration: float
    latency: float | None  # until its end, or until the response head if it stays open; None: no response
    failed: bool
    sent: int
    received: int
    repeat_key: int | None  # equal for two reads of the same target; None: not a read, or one that stays open


class CallCounter(Output):
    """An output that needs only the statistics and the heads of each call."""

    @abstractmethod
    def count(self, stats: CallStats, exchange: Exchange) -> None:
        """Count a call that has ended. Of *exchange*, only the heads may be used: its bodies may hold secrets."""

    def write(self, decoded: DecodedCall) -> None:
        self.count(stats_of(decoded), decoded.exchange)


def stats_of(decoded: DecodedCall) -> CallStats:
    exchange, memo = decoded.exchange, decoded.memo
    if memo is None:
        return _stats_of(decoded)
    same: CallStats | None = memo.get(stats_of)
    if same is None:
        memo[stats_of] = same = _stats_of(decoded)
    return CallStats(
        same.operation,
        same.tag,
        same.method,
        exchange.started,
        exchange.duration,
        exchange.duration,  # a call that stays open repeats none
        same.failed,
        same.sent,
        same.received,
        same.repeat_key,
    )


def _stats_of(decoded: DecodedCall) -> CallStats:
    exchange, stays_open = decoded.exchange, decoded.call.stays_open
    response, request = exchange.response, exchange.request
    return CallStats(
        decoded.call.operation.id,
        decoded.call.operation.tag,
        request.method,
        exchange.started,
        exchange.duration,
        None if response is None else response.at if stays_open else exchange.duration,
        decoded.failed,
        bytes_sent(decoded),
        bytes_received(decoded),
        repeat_key(request.method, request.target, stays_open),
    )


def repeat_key(method: str, target: str, stays_open: bool) -> int | None:
    """Compute ``CallStats.repeat_key``."""
    return None if stays_open or method not in READ_METHODS else hash((method, target))
