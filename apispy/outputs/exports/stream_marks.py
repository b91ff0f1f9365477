"""The moments of a stream: output of a program, events, statistics, steps of progress."""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

from apispy.model import Body, Direction, Item
from apispy.outputs.base import DecodedCall
from apispy.structs import Struct

OUTPUT = ("stdin", "stdout", "stderr", "systemerr", "raw")
"""Kinds of items that are data of a program."""

_RAW = {"request": "stdin", "to_server": "stdin"}
"""What unframed data is by its direction; towards the client it is output of a program with a terminal."""


class Mark(Struct, frozen=True):
    """A moment of a stream: something was read in it completely."""

    at: float  # seconds since the exchange began
    name: str  # "stdout", "output", "event", "stats", "layer", ...
    size: int  # bytes of output without its framing, or of the JSON
    direction: Direction
    item: Item


def stream_marks(decoded: DecodedCall) -> Iterator[Mark]:
    """Yield the moments of a call that stays open or is hijacked, or that reports progress; of others none.

    There may be many: a day of events has a hundred thousand.
    """
    if is_stream(decoded):
        yield from _marks(decoded)


def is_stream(decoded: DecodedCall) -> bool:
    """Whether a call may have such moments."""
    is_open = decoded.call.stays_open or decoded.exchange.tunnel is not None
    return is_open or decoded.call.operation.response == "progress"


def _marks(decoded: DecodedCall) -> Iterator[Mark]:
    for direction, body in decoded.exchange.streams.items():
        if direction == "request" and decoded.call.operation.request == "json":
            continue  # it is one document, and no stream
        times = Times(body)
        for item in decoded.items.get(direction, ()):
            if name := _name(direction, item):
                in_stream = item.span[1] - item.span[0]
                size = len(item.value) if isinstance(item.value, bytes) else in_stream
                yield Mark(times.of(item), name, size, direction, item)


def _name(direction: Direction, item: Item) -> str:
    if item.kind == "raw" and isinstance(item.value, bytes):
        return _RAW.get(direction, "output")
    if item.kind == "json" and direction != "request":
        return item.label or "json"
    return item.kind if item.kind in OUTPUT else ""


class Times:
    """The times of the items of a stream: of the chunk that has the last byte of each."""

    def __init__(self, body: Body) -> None:
        self._chunks = body.chunks
        self._stops = list(accumulate(len(chunk.data) for chunk in body.chunks))
        self._seen = {one.item.span: one.at for one in body.seen}

    def of(self, item: Item) -> float:
        """Return the time of an item in seconds since the exchange began."""
        if item.span in self._seen:
            return self._seen[item.span]
        index = bisect_left(self._stops, item.span[1])
        return self._chunks[min(index, len(self._chunks) - 1)].at if self._chunks else 0.0
