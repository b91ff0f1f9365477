"""A finished call of which nothing is shown before its end: it is redacted and decoded once, not event by event."""

from apispy import decoders, engine
from apispy.engine.operation import Call
from apispy.model import Direction, Exchange
from apispy.pipeline.final_reading import document_of
from apispy.pipeline.live_call import LiveCall
from apispy.redaction.redactor import Redactor


def start_whole(redactor: Redactor, exchange: Exchange) -> LiveCall | None:
    """Make the open call of a finished exchange, which is redacted, but not decoded.

    None if its events must be handled one by one: if it is announced before its end, or has a body of several chunks
    that is not one JSON document, of which bytes are missing, or whose items are redacted one by one.
    """
    call = engine.lookup(exchange.request.method, exchange.request.target)
    if exchange.tunnel is not None or call.stays_open:
        return None
    if not all(_is_simple(call, exchange, direction) for direction in exchange.streams):
        return None
    for_exchange = redactor.for_exchange(exchange)
    for direction, body in exchange.streams.items():
        if not for_exchange.hides(direction):
            for chunk in body.chunks:
                for_exchange.inspect(direction, chunk.data)
    redacted = for_exchange.exchange(exchange)
    live = LiveCall(redacted, for_exchange.call(redacted), for_exchange)
    return None if live.is_announced_early else live


def _is_simple(call: Call, exchange: Exchange, direction: Direction) -> bool:
    """Whether a body is empty, or one chunk or JSON document of which all bytes are there."""
    body, response = exchange.streams[direction], exchange.response
    if not body.size and not body.chunks:
        return True
    if body.kept != body.size or body.seen or not body.shown:
        return False
    headers = response.headers if response and direction == "response" else exchange.request.headers
    name = decoders.choose(call, direction, headers, response.status if response else None)
    if name in decoders.REDACTED_BY_ITEM:
        return False
    return len(body.chunks) == 1 or document_of(body, name) is not None
