"""Takes the tap's events and tells the outputs."""

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product

from apispy import decoders
from apispy.learn import NameRegistry
from apispy.model import Direction, Exchange, Item, Seen
from apispy.outputs.base import Output
from apispy.outputs.isolation import Isolated
from apispy.pipeline.final_reading import Notes, finish, with_seen
from apispy.pipeline.live_call import LiveCall, begun, json_of
from apispy.pipeline.live_stream import LiveStream
from apispy.pipeline.response_errors import ANSWERS, said_in
from apispy.redaction.redactor import Redactor
from apispy.tap.events import Closed, Data, Event, GaveUp, Opened, Read, ResponseStarted, Skipped, StreamEnded

ERRORS = 20
"""How many errors of one call are remembered."""

log = logging.getLogger(__name__)


class Pipeline:
    """Takes the tap's events, in order, and tells the outputs. Nothing that goes wrong in it comes out of it.

    *clock* gives Unix seconds: it tells how long calls that are open at the end have been so, and what is now.
    """

    def __init__(
        self,
        outputs: Sequence[Output],
        *,
        redactor: Redactor | None = None,
        notes: Notes = "on",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._outputs = [Isolated(output) for output in outputs]
        self._take_chunks = [output for output in self._outputs if output.takes_chunks]
        self._redactor = redactor or Redactor()
        self._notes = notes
        self._clock = clock
        self._live: dict[int, LiveCall] = {}
        self._memory = NameRegistry()

    def take_now(self, event: Event) -> bool:
        """Take the event if that takes no time; False: it is to be fed, when there is time."""
        return False

    def feed(self, event: Event) -> None:
        """Take the next event."""
        try:
            self._take(event)
        except Exception as fault:  # a bug of ours must not reach the traffic
            self._failed(fault)

    @property
    def aliases(self) -> Callable[[str], tuple[str, ...]]:
        """All that a name or id goes by, as far as the calls until now told."""
        return self._memory.aliases

    def notice(self, text: str, at: float | None = None) -> None:
        """Say something that belongs to no call, and is about what was *at* this time, in Unix seconds; None is now."""
        at = self._clock() if at is None else at
        for output in self._outputs:
            output.notice(text, at)

    def close(self) -> None:
        """Show the calls that are still open, as such, then end all outputs."""
        for live in sorted(self._live.values(), key=lambda live: live.exchange.id):
            self.feed(Closed(live.still_open(self._clock())))
        self._live.clear()
        for output in self._outputs:
            output.close()

    def _failed(self, fault: Exception) -> None:
        log.exception("the pipeline failed")
        self.notice(f"a fault in apispy, something is not shown: {self._redactor.message(repr(fault))}")

    # -- events --

    def _take(self, event: Event) -> None:
        match event:
            case Opened(exchange):
                self._opened(exchange)
            case ResponseStarted(exchange):
                self._answered(exchange)
            case Data():
                self._data(event)
            case StreamEnded():
                self._stream_ended(event)
            case Closed(exchange):
                self._closed(exchange)
            case GaveUp():
                self._gave_up(event)
            case Skipped(number, direction, size):
                if live := self._live.get(number):
                    live.stream(direction, live.at).skip(size)
            case Read(number, direction, seen):
                self._seen(number, direction, seen)

    def _opened(self, exchange: Exchange) -> None:
        live = self._live[exchange.id] = begun(self._redactor, exchange)
        live.at = exchange.request.at
        self._decode(live, "request")
        if not exchange.request.announces_body or live.call.operation.request != "json":
            self._tell_begin(live)

    def _answered(self, exchange: Exchange) -> None:
        live = self._live.get(exchange.id)
        if live is None:
            return
        live.exchange = live.cleaning.exchange(exchange)
        live.at = exchange.response.at if exchange.response else live.at
        self._decode(live, *live.exchange.streams)
        self._tell_begin(live)

    def _data(self, event: Data) -> None:
        live = self._live.get(event.exchange_id)
        if live is None:
            return
        stream = live.stream(event.direction, event.chunk.at)
        live.cleaning.look(event.direction, event.chunk.data)
        chunk = live.cleaning.chunk(event.direction, event.chunk) if self._take_chunks else None
        if chunk is not None:
            reading = live.reading(self._memory)
            for output in self._take_chunks:
                output.on_call(reading, lambda to: to.chunk(reading, event.direction, event.offset, chunk))
        self._flow(live, event.direction, stream.feed(event.chunk.data))

    def _stream_ended(self, event: StreamEnded) -> None:
        live = self._live.get(event.exchange_id)
        if live is None:
            return
        self._flow(live, event.direction, live.stream(event.direction, event.at).close())
        if event.direction == "request":
            self._tell_begin(live)

    def _closed(self, exchange: Exchange) -> None:
        live = self._live.pop(exchange.id, None) or begun(self._redactor, exchange)
        for direction in live.streams:
            self._flow(live, direction, live.stream(direction, exchange.duration).close())
        live.exchange = with_seen(live.cleaning.exchange(exchange), live)
        self._redactor.count(live.exchange)
        reading = finish(live, self._memory, self._notes)
        for output in self._outputs:
            output.on_call(reading, lambda to: to.write(reading))
            output.forget(exchange.id)

    def _gave_up(self, event: GaveUp) -> None:
        why = self._redactor.message(event.reason)
        text = f"connection {event.connection}: {why}. It is not read any further; its traffic goes on."
        self.notice(text, event.at)

    def _seen(self, number: int, direction: Direction, seen: Seen) -> None:
        if live := self._live.get(number):
            live.stream(direction, seen.at).take(seen)
            self._flow(live, direction, [seen.item])

    # -- parts --

    def _decode(self, live: LiveCall, *directions: Direction) -> None:
        """Make the live decoders of streams that have none yet."""
        for direction in directions:
            if direction not in live.streams:
                asked = json_of(live.streams["request"].items) if "request" in live.streams else []
                name = live.format(direction, self._memory, asked)
                readable = name in decoders.PAYLOAD_FREE or not live.cleaning.hides(direction)
                decoder = decoders.make(name) if readable else None
                live.streams[direction] = LiveStream(decoder, partial(live.cleaning.item, direction))

    def _tell_begin(self, live: LiveCall) -> None:
        if live.told or not live.begins_now:
            return
        live.told = True
        reading = live.reading(self._memory)
        for output in self._outputs:
            output.on_call(reading, lambda to: to.opened(reading))

    def _flow(self, live: LiveCall, direction: Direction, items: list[Item]) -> None:
        for item in items:
            if direction in ANSWERS and len(live.errors) < ERRORS and (error := said_in(item)):
                live.errors.append(error)
        if live.told and items:
            if direction == "response":
                self._memory.learn(live.call, [], json_of(items))
            reading = live.reading(self._memory)
            for item, output in product(items, self._outputs):
                output.on_call(reading, lambda to, item=item: to.item(reading, direction, item))  # type: ignore[misc]
