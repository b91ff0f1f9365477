"""Turns the tap's events into calls of the outputs."""

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial

from apispy import decoders
from apispy.capture.events import tap_events
from apispy.decoders.grpc_messages import CARRIERS
from apispy.decoders.grpc_stream import Budget
from apispy.learn import NameRegistry
from apispy.model import Direction, Exchange, Item, Seen
from apispy.outputs.base import DecodedCall, Output
from apispy.outputs.isolation import Outputs
from apispy.pipeline.final_reading import Notes, document_of, finish, share_documents, with_seen
from apispy.pipeline.held_calls import HeldCalls, Runs
from apispy.pipeline.live_call import LiveCall, json_of, start_call
from apispy.pipeline.live_stream import LiveStream
from apispy.pipeline.repeated_calls import RepeatedCalls
from apispy.pipeline.response_errors import RESPONSE_STREAMS, error_in, marked_errors
from apispy.pipeline.whole_call import start_whole
from apispy.redaction.redactor import Redactor
from apispy.structs import replace
from apispy.tap.events import Closed, Data, Event, GaveUp, Opened, Read, ResponseStarted, Skipped, StreamEnded

MAX_ERRORS = 20
"""Errors of one call that are kept."""

log = logging.getLogger(__name__)


class Pipeline:
    """Feeds outputs from the tap's events, in order. Its methods never raise.

    *clock* gives the present Unix time, for notices and for the duration of calls that are open at the end.
    """

    in_order = True
    """Whether ``take_now`` must not get an event while ``feed`` has not got all events before."""

    def __init__(
        self,
        outputs: Sequence[Output],
        *,
        redactor: Redactor | None = None,
        notes: Notes = "on",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._outputs = Outputs(outputs)
        self._take_chunks = self._outputs.only(lambda output: output.takes_chunks)
        self._take_heads = self._outputs.only(lambda output: output.takes_heads)
        self._redactor = redactor or Redactor()
        self._has_rules = bool(self._redactor.policy.rules)
        self._notes = notes
        self._clock = clock
        self._live: dict[int, LiveCall] = {}
        self._shows_ends = not self._take_chunks and not self._take_heads  # nothing of most calls before
        self._held = HeldCalls(self._redactor.has_plain_head) if self._shows_ends else None
        self._memory = NameRegistry()
        self._repeated = RepeatedCalls(self._memory)
        self._budget = Budget()  # for open messages of gRPC calls, which may be many on one connection

    def take_now(self, events: Sequence[Event]) -> Sequence[Event | Runs]:
        """Handle what is cheap of the next events: hold them, or show a call that repeats another one.

        Return what must be passed to ``feed`` later, before any event that follows.
        """
        if self._held is None or not events:
            return events
        try:
            if type(events[0]) is Opened:
                if self._held.hold(events):
                    return ()
            elif (run := self._held.take_response(events)) is not None:
                return () if self._repeats(run) else [[run]]
        except Exception as fault:  # as in ``feed``
            self._failed(fault)
            return ()
        for number, event in enumerate(events):
            try:
                runs = self._held.take(event)
                if runs and not (len(runs) == 1 and self._repeats(runs[0])):
                    return [runs, *events[number + 1 :]]
            except Exception as fault:
                self._failed(fault)
        return ()

    def feed(self, event: Event | Runs | Exchange) -> None:
        """Handle the next event. An exchange stands for all of its events, from Opened to Closed."""
        try:
            if isinstance(event, Exchange):
                self._whole(event)
            elif isinstance(event, list):
                self._take_held(event)
            elif self._held is None:
                self._take(event)
            else:
                self._take_held(self._held.take(event))
        except Exception as fault:  # a bug here must not affect the traffic
            self._failed(fault)

    def feed_all(self, events: Sequence[Event]) -> None:
        """Handle the next events."""
        for event in events:
            self.feed(event)

    @property
    def aliases(self) -> Callable[[str], tuple[str, ...]]:
        """Gives the names and IDs of the thing that a name or ID refers to, as known from earlier calls."""
        return self._memory.aliases

    def notice(self, text: str, at: float | None = None) -> None:
        """Show a message that belongs to no call; *at*: the Unix time that it is about, None for now."""
        at = self._clock() if at is None else at
        self._outputs.notice(text, at)

    def summarize(self) -> None:
        """Let the outputs write what they would write at the end, of the calls that have ended so far."""
        self._release()
        self._outputs.summarize()

    def close(self) -> None:
        """Show the calls that are still open, then close the outputs."""
        self._release()
        for live in sorted(self._live.values(), key=lambda live: live.exchange.id):
            self.feed(Closed(live.still_open(self._clock())))
        self._live.clear()
        self._outputs.close()

    def _failed(self, fault: Exception) -> None:
        log.exception("the pipeline failed")
        self.notice(
            f"an internal error in apispy, a call may be missing: {self._redactor.message(repr(fault))}"
        )

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

    def _release(self) -> None:
        """Handle the events of the calls that are held."""
        if self._held is not None:
            try:
                self._take_held(self._held.release())
            except Exception as fault:  # as in ``feed``
                self._failed(fault)

    def _take_held(self, runs: Runs) -> None:
        for events in runs:
            last = events[-1]
            if len(events) > 1 and isinstance(last, Closed) and self._at_once(last.exchange, tapped=True):
                continue
            for event in events:
                self._take(event)

    def _repeats(self, events: list[Event]) -> bool:
        """Handle the events of a call that is over if it repeats another one; return False if it does not."""
        last = events[-1]
        if len(events) == 1 or not isinstance(last, Closed) or self._has_rules:
            return False
        _, repeated = self._repeated.find(last.exchange, self._redactor.known_secrets, tapped=True)
        if repeated is None:
            return False
        self._outputs.write(repeated)  # the tap hides nothing, so there is nothing to count
        return True

    def _whole(self, exchange: Exchange) -> None:
        """Take an exchange that is over: as by its events, but redacted once if nothing is shown before its end."""
        self._release()
        if self._shows_ends and self._at_once(exchange):
            return
        for _, event in tap_events(exchange):
            self._take(event)

    def _at_once(self, exchange: Exchange, *, tapped: bool = False) -> bool:
        """Handle an exchange that is over, if that shows the same as its events. *tapped*: see RepeatedCalls."""
        known_secrets = self._redactor.known_secrets
        version = known_secrets.version
        key = repeated = None
        if not self._has_rules:
            key, repeated = self._repeated.find(exchange, known_secrets, tapped=tapped)
        if repeated is not None:
            self._redactor.count(exchange)
            self._outputs.write(repeated)
            return True
        live = start_whole(self._redactor, exchange)
        if live is None:
            return False
        for direction, body in exchange.streams.items():
            self._decode(live, direction)
            if body.size and not live.redactor.hides(direction):
                item = document_of(body, live.formats[direction])
                self._flow(live, direction, live.streams[direction].take_whole(body, item, exchange.duration))
        live.exchange = with_seen(live.exchange, live)
        reading = self._finish(live)
        if key is not None and live.exchange is exchange:
            self._repeated.remember(key, version, reading)
        return True

    def _opened(self, exchange: Exchange) -> None:
        live = self._live[exchange.id] = start_call(self._redactor, exchange)
        live.at, live.budget = exchange.request.at, self._budget
        self._decode(live, "request")
        if self._take_heads:
            self._send_head(live, lambda to, reading: to.started(reading))
        if not exchange.request.announces_body or live.call.operation.request != "json":
            self._announce(live)

    def _answered(self, exchange: Exchange) -> None:
        live = self._live.get(exchange.id)
        if live is None:
            return
        live.exchange = live.redactor.exchange(exchange)
        live.at = exchange.response.at if exchange.response else live.at
        self._decode(live, *live.exchange.streams)
        if self._take_heads:
            self._send_head(live, lambda to, reading: to.answered(reading))
        self._announce(live)

    def _data(self, event: Data) -> None:
        live = self._live.get(event.exchange_id)
        if live is None:
            return
        stream = live.stream(event.direction, event.chunk.at)
        live.redactor.inspect(event.direction, event.chunk.data)
        chunk = live.redactor.chunk(event.direction, event.chunk) if self._take_chunks else None
        if chunk is not None:
            reading = live.reading(self._memory)
            self._take_chunks.on_call(
                reading, lambda to: to.chunk(reading, event.direction, event.offset, chunk)
            )
        self._flow(live, event.direction, stream.feed(event.chunk.data))

    def _stream_ended(self, event: StreamEnded) -> None:
        live = self._live.get(event.exchange_id)
        if live is None:
            return
        self._flow(live, event.direction, live.stream(event.direction, event.at).close())
        if event.direction == "request":
            live.redactor.request_ended()
            self._announce(live)

    def _closed(self, exchange: Exchange) -> None:
        live = self._live.pop(exchange.id, None) or start_call(self._redactor, exchange)
        for direction in live.streams:
            self._flow(live, direction, live.stream(direction, exchange.duration).close())
        share_documents(exchange, live)
        live.exchange = with_seen(live.redactor.exchange(exchange), live)
        live.call = live.redactor.call(live.exchange)  # its path may have a secret that became known since
        self._finish(live)

    def _finish(self, live: LiveCall) -> DecodedCall:
        """Show a finished call, whose exchange is redacted, and return its reading."""
        self._redactor.count(live.exchange)
        reading = finish(live, self._memory, self._notes)
        self._outputs.write(reading)
        return reading

    def _gave_up(self, event: GaveUp) -> None:
        why = self._redactor.message(event.reason)
        text = f"connection {event.connection}: {why}. apispy stops decoding it; its traffic is not affected."
        self.notice(text, event.at)

    def _seen(self, number: int, direction: Direction, seen: Seen) -> None:
        if live := self._live.get(number):
            if (
                seen.item.kind in CARRIERS or seen.item.children
            ):  # a capture may have messages with their secrets
                seen = replace(seen, item=live.redactor.item(direction, seen.item))
            live.stream(direction, seen.at).add_seen(seen)
            self._flow(live, direction, [seen.item])

    # -- parts --

    def _decode(self, live: LiveCall, *directions: Direction) -> None:
        """Make decoders for streams that have none yet."""
        for direction in directions:
            if direction not in live.streams:
                asked = json_of(live.streams["request"].items) if "request" in live.streams else []
                name = live.formats[direction] = live.format(direction, self._memory, asked)
                readable = name in decoders.REDACTED_BY_ITEM or not live.redactor.hides(direction)
                decoder = live.decoder(direction, name) if readable else None
                live.streams[direction] = LiveStream(decoder, partial(live.redactor.item, direction))

    def _announce(self, live: LiveCall) -> None:
        if live.announced or not live.is_announced_early:
            return
        live.announced = True
        reading = live.reading(self._memory)
        self._outputs.on_call(reading, lambda to: to.opened(reading))

    def _send_head(self, live: LiveCall, send: Callable[[Output, DecodedCall], None]) -> None:
        reading = live.reading(self._memory)
        self._take_heads.on_call(reading, lambda to: send(to, reading))

    def _flow(self, live: LiveCall, direction: Direction, items: list[Item]) -> None:
        if (
            direction in RESPONSE_STREAMS and items and items[0].kind == "stdout"
        ):  # a terminal may have more to say
            items = list(marked_errors(live.call, tuple(items), live.streams[direction].size))
        for item in items:
            if direction in RESPONSE_STREAMS and len(live.errors) < MAX_ERRORS and (error := error_in(item)):
                live.errors.append(error)
        if live.announced and items:
            if direction == "response":
                self._memory.learn(live.call, [], json_of(items))
            reading = live.reading(self._memory)
            for item in items:
                self._outputs.on_call(reading, lambda to, item=item: to.item(reading, direction, item))  # type: ignore[misc]
