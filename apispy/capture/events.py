"""A saved exchange as what happened, one after the other: the tap's events, as when it was read live."""

from collections.abc import Iterator
from dataclasses import replace

from apispy.model import Body, Direction, Exchange
from apispy.tap.events import Closed, Data, Event, Opened, Read, ResponseStarted, Skipped, StreamEnded

TimedEvent = tuple[int, int, Event]
"""Microseconds since 1970, the place among the events of the same microsecond, and the event."""

TIE_BREAK: dict[Direction, int] = {"request": 1, "response": 4, "to_client": 6, "to_server": 8}
OPENED, ANSWERED = 0, 3
"""What the tap says first, of all that one read from a connection may tell."""


def micros(seconds: float) -> int:
    return round(seconds * 1_000_000)


def tap_events(exchange: Exchange) -> list[tuple[int, Event]]:
    """The events and their times (microseconds since 1970), in order; the last is Closed."""
    moments = sorted(_moments(exchange), key=lambda moment: moment[:2])
    end = max(micros(exchange.started) + micros(exchange.duration), moments[-1][0])
    return [*((at, event) for at, _, event in moments), (end, Closed(exchange))]


def _moments(exchange: Exchange) -> Iterator[TimedEvent]:
    began = micros(exchange.started)
    opened = began + micros(exchange.request.at)
    yield opened, OPENED, Opened(_when_opened(exchange))
    yield from _stream(exchange, "request", opened)
    if exchange.response is None:
        return
    answered = max(opened, began + micros(exchange.response.at))
    yield answered, ANSWERED, ResponseStarted(_when_answered(exchange))
    for direction in exchange.streams:
        if direction != "request":
            yield from _stream(exchange, direction, answered)


def _stream(exchange: Exchange, direction: Direction, at: int) -> Iterator[TimedEvent]:
    """*at* is the earliest time: what a client says ahead of time is told when it is its turn."""
    body, began, rank = exchange.streams[direction], micros(exchange.started), TIE_BREAK[direction]
    offset = 0
    for chunk in body.chunks:
        at = max(at, began + micros(chunk.at))
        yield at, rank, Data(exchange.id, direction, offset, chunk)
        offset += len(chunk.data)
    if offset < body.size:
        yield at, rank, Skipped(exchange.id, direction, body.size - offset)
    for seen in body.seen:
        at = max(at, began + micros(seen.at))
        yield at, rank, Read(exchange.id, direction, seen)
    if body.ended_at is not None:
        yield (
            max(at, began + micros(body.ended_at)),
            rank + 1,
            StreamEnded(exchange.id, direction, body.ended_at),
        )


def _when_opened(exchange: Exchange) -> Exchange:
    """As it was known when the request's head was complete."""
    request = replace(exchange.request, body=Body(shown=exchange.request.body.shown))
    return replace(
        exchange, request=request, response=None, tunnel=None, end="open", duration=0.0, problems=()
    )


def _when_answered(exchange: Exchange) -> Exchange:
    """As it was known when the answer's head was complete."""
    assert exchange.response is not None
    known = replace(exchange, end="open", duration=0.0, problems=())
    known = known.with_stream("request", _until(exchange.request.body, exchange.response.at))
    for direction, body in exchange.streams.items():
        if direction != "request":
            known = known.with_stream(direction, Body(shown=body.shown))
    return known


def _until(body: Body, at: float) -> Body:
    if body.ended_at is not None and body.ended_at <= at:
        return body
    chunks = tuple(chunk for chunk in body.chunks if chunk.at <= at)
    return Body(chunks, sum(len(chunk.data) for chunk in chunks), shown=body.shown)
