"""An open call: its redacted exchange, its streams, and what outputs know of it."""

from collections.abc import Iterable
from typing import Any

from apispy import decoders
from apispy.decoders.base import Decoder
from apispy.decoders.grpc_stream import Budget
from apispy.engine.operation import Call
from apispy.learn import NameRegistry
from apispy.model import Body, Direction, Exchange, Item
from apispy.outputs.base import DecodedCall
from apispy.pipeline.live_stream import LiveStream
from apispy.redaction.redactor import ExchangeRedactor, Redactor
from apispy.structs import Struct, field, replace


class LiveCall(Struct):
    """An open call."""

    exchange: Exchange  # redacted, as of the last event
    call: Call  # redacted
    redactor: ExchangeRedactor
    streams: dict[Direction, LiveStream] = field(default_factory=dict)
    formats: dict[Direction, str] = field(default_factory=dict)  # decoder name by stream
    errors: list[str] = field(default_factory=list)
    announced: bool = False  # outputs were told that it began
    methods: dict[int, str] = field(
        default_factory=dict
    )  # by HTTP/2 stream, for the decoders of both directions
    budget: Budget = field(default_factory=Budget)  # for open messages of gRPC calls
    at: float = 0.0  # the time of the last event, in seconds since the exchange began

    def reading(self, memory: NameRegistry) -> DecodedCall:
        """What is known of the call by now."""
        items = {direction: stream.past for direction, stream in self.streams.items()}
        return DecodedCall(
            self.exchange,
            self.call,
            items,
            tuple(self.errors),
            formats=self.formats,
            label=memory.labelled,
            aliases=memory.aliases,
            at=self.at,
        )

    def format(self, direction: Direction, memory: NameRegistry, request: list[Any]) -> str:
        """The name of the decoder for a stream. *request*: the JSON values of the request body, if any."""
        response = self.exchange.response
        headers = response.headers if response and direction != "request" else self.exchange.request.headers
        tty = memory.terminal(self.call, request[0] if request else None)
        return decoders.choose(self.call, direction, headers, response.status if response else None, tty=tty)

    def decoder(self, direction: Direction, name: str) -> Decoder:
        """Make the decoder *name* for a stream."""
        response = self.exchange.response
        head = response if response and direction != "request" else self.exchange.request
        coding = head.headers.text("grpc-encoding").encode("latin-1")
        context = decoders.GrpcContext(direction, self.call.path, coding, self.methods, self.budget)
        return decoders.make(name, context)

    def stream(self, direction: Direction, at: float) -> LiveStream:
        """The stream of *direction*, for an event at the time *at*."""
        stream = self.streams.get(direction)
        if stream is None:
            stream = self.streams[direction] = LiveStream(None)
        self.at = stream.at = at
        return stream

    @property
    def is_announced_early(self) -> bool:
        """Whether outputs get the call before its end. Only the response shows whether a call is hijacked."""
        if self.call.operation.opens == "if-hijacked":
            return self.exchange.tunnel is not None
        return self.exchange.tunnel is not None or self.call.stays_open

    def still_open(self, now: float) -> Exchange:
        """The exchange as open at Unix time *now*. Bodies have their size, but not their bytes."""
        exchange = self.exchange
        for direction in exchange.streams:
            stream = self.streams.get(direction)
            exchange = exchange.with_stream(direction, Body(size=stream.size if stream else 0))
        return replace(exchange, end="open", duration=max(0.0, now - exchange.started))


def start_call(redactor: Redactor, exchange: Exchange) -> LiveCall:
    """Make the open call for an exchange that has begun."""
    for_exchange = redactor.for_exchange(exchange)
    redacted = for_exchange.exchange(exchange)
    return LiveCall(redacted, for_exchange.call(redacted), for_exchange)


def json_of(items: Iterable[Item]) -> list[Any]:
    """The JSON values among *items*."""
    return [item.value for item in items if item.kind == "json"]
