"""A saved exchange as a sequence of events: the same tap events that were emitted while it was recorded."""

from collections.abc import Iterator

from apispy.model import Body, Direction, Exchange, Request, Response, Tunnel
from apispy.tap.events import Closed, Data, Event, Opened, Read, ResponseStarted, Skipped, StreamEnded

TimedEvent = tuple[int, int, Event]
"""Microseconds since 1970, the rank among the events of the same microsecond, and the event."""

OPENED_RANK, RESPONSE_RANK = 0, 3
STREAM_RANKS: dict[Direction, int] = {"request": 1, "response": 4, "to_client": 6, "to_server": 8}
"""Ranks: the order in which the tap emits events that one read from a connection may cause. A stream's end has the
rank after the stream's."""


def micros(seconds: float) -> int:
    """Convert *seconds* to microseconds."""
    return round(seconds * 1_000_000)


def tap_events(exchange: Exchange) -> list[tuple[int, Event]]:
    """Return the events with their times (microseconds since 1970), in order; the last one is Closed."""
    events = sorted(_timed_events(exchange), key=lambda event: event[:2])
    end = max(micros(exchange.started) + micros(exchange.duration), events[-1][0])
    return [*((at, event) for at, _, event in events), (end, Closed(exchange))]


def last_moment(exchange: Exchange) -> int:
    """Return the time of the exchange's last event, in microseconds since 1970, or a later one."""
    request, response, tunnel = exchange.request, exchange.response, exchange.tunnel
    last = max(exchange.duration, request.at, _last_time(request.body))
    if response is not None:
        last = max(last, response.at, _last_time(response.body))
    if tunnel is not None:
        last = max(last, _last_time(tunnel.to_server), _last_time(tunnel.to_client))
    return micros(exchange.started) + micros(last) + 1  # sums of rounded numbers may differ by 1


def _last_time(body: Body) -> float:
    """The time of the last event of a stream; 0 if it has none."""
    last = body.ended_at or 0.0
    for chunk in body.chunks:
        last = max(last, chunk.at)
    for seen in body.seen:
        last = max(last, seen.at)
    return last


def _timed_events(exchange: Exchange) -> Iterator[TimedEvent]:
    start = micros(exchange.started)
    opened = start + micros(exchange.request.at)
    yield opened, OPENED_RANK, Opened(_when_opened(exchange))
    yield from _stream_events(exchange, "request", opened)
    if exchange.response is None:
        return
    responded = max(opened, start + micros(exchange.response.at))
    yield responded, RESPONSE_RANK, ResponseStarted(_when_response_started(exchange))
    for direction in exchange.streams:
        if direction != "request":
            yield from _stream_events(exchange, direction, responded)


def _stream_events(exchange: Exchange, direction: Direction, at: int) -> Iterator[TimedEvent]:
    """Yield the events of one stream. *at* is the earliest time: early client data waits until the tunnel is open."""
    body, start, rank = exchange.streams[direction], micros(exchange.started), STREAM_RANKS[direction]
    offset = 0
    for chunk in body.chunks:
        at = max(at, start + micros(chunk.at))
        yield at, rank, Data(exchange.id, direction, offset, chunk)
        offset += len(chunk.data)
    if offset < body.size:
        yield at, rank, Skipped(exchange.id, direction, body.size - offset)
    for seen in body.seen:
        at = max(at, start + micros(seen.at))
        yield at, rank, Read(exchange.id, direction, seen)
    if body.ended_at is not None:
        ended = max(at, start + micros(body.ended_at))
        yield ended, rank + 1, StreamEnded(exchange.id, direction, body.ended_at)


def _when_opened(exchange: Exchange) -> Exchange:
    """Return the exchange as it was known when the request's head was complete."""
    return _open(exchange, Body(shown=exchange.request.body.shown), None, None)


def _when_response_started(exchange: Exchange) -> Exchange:
    """Return the exchange as it was known when the response's head was complete."""
    response, tunnel = exchange.response, exchange.tunnel
    assert response is not None
    return _open(
        exchange,
        _body_until(exchange.request.body, response.at),
        Response(
            response.status,
            response.reason,
            response.version,
            response.headers,
            Body(shown=response.body.shown),
            response.at,
        ),
        tunnel
        and Tunnel(tunnel.protocol, Body(shown=tunnel.to_server.shown), Body(shown=tunnel.to_client.shown)),
    )


def _open(exchange: Exchange, body: Body, response: Response | None, tunnel: Tunnel | None) -> Exchange:
    """Return the exchange as open. It is made by hand: ``dataclasses.replace`` takes ten times as many steps."""
    request = exchange.request
    return Exchange(
        exchange.id,
        exchange.connection,
        exchange.started,
        exchange.client,
        exchange.upstream,
        Request(request.method, request.target, request.version, request.headers, body, request.at),
        response,
        tunnel,
        redactions=exchange.redactions,
    )


def _body_until(body: Body, at: float) -> Body:
    if body.ended_at is not None and body.ended_at <= at:
        return body
    chunks = tuple(chunk for chunk in body.chunks if chunk.at <= at)
    return Body(chunks, sum(len(chunk.data) for chunk in chunks), shown=body.shown)
