"""A call that is under way."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from apispy import decoders
from apispy.engine.operation import Call
from apispy.learn import NameRegistry
from apispy.model import Body, Direction, Exchange, Item
from apispy.outputs.base import DecodedCall
from apispy.pipeline.live_stream import LiveStream
from apispy.redaction.redactor import ExchangeRedactor, Redactor


@dataclass(slots=True)
class LiveCall:
    """A call that is under way."""

    exchange: Exchange  # clean, as it last was
    call: Call  # clean
    cleaning: ExchangeRedactor
    streams: dict[Direction, LiveStream] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    told: bool = False  # the outputs know that it has begun
    at: float = 0.0  # the time of the last event, in seconds since the exchange began

    def reading(self, memory: NameRegistry) -> DecodedCall:
        items = {direction: stream.past for direction, stream in self.streams.items()}
        return DecodedCall(
            self.exchange,
            self.call,
            items,
            tuple(self.errors),
            label=memory.labelled,
            aliases=memory.aliases,
            at=self.at,
        )

    def format(self, direction: Direction, memory: NameRegistry, asked: list[Any]) -> str:
        """The name of the decoder that fits a stream. *asked*: the JSON of the request's body, if any."""
        response = self.exchange.response
        headers = response.headers if response and direction != "request" else self.exchange.request.headers
        tty = memory.terminal(self.call, asked[0] if asked else None)
        return decoders.choose(self.call, direction, headers, response.status if response else None, tty=tty)

    def stream(self, direction: Direction, at: float) -> LiveStream:
        """The stream in which something happens, at this time."""
        stream = self.streams.setdefault(direction, LiveStream(None))
        self.at = stream.at = at
        return stream

    @property
    def begins_now(self) -> bool:
        """Whether the outputs should hear of it before its end. A hijack shows only in its answer."""
        if self.call.operation.opens == "if-hijacked":
            return self.exchange.tunnel is not None
        return self.exchange.tunnel is not None or self.call.stays_open

    def still_open(self, now: float) -> Exchange:
        """What is known of it at Unix time *now*, when it has no end yet. Its bytes went by; they are not kept."""
        exchange = self.exchange
        for direction in exchange.streams:
            stream = self.streams.get(direction)
            exchange = exchange.with_stream(direction, Body(size=stream.size if stream else 0))
        return replace(exchange, end="open", duration=max(0.0, now - exchange.started))


def begun(redactor: Redactor, exchange: Exchange) -> LiveCall:
    """A call of which *exchange* is all that is known."""
    cleaning = redactor.cleaning(exchange)
    clean = cleaning.exchange(exchange)
    return LiveCall(clean, cleaning.call(clean), cleaning)


def json_of(items: Iterable[Item]) -> list[Any]:
    """The JSON values among *items*."""
    return [item.value for item in items if item.kind == "json"]
