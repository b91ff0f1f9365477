"""The way of one exchange: tap event -> redact -> lookup -> live decoders -> outputs."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, Literal

from apispy import decoders, engine
from apispy.decoders.base import Decoder
from apispy.engine.operation import Call
from apispy.learn import Memory, notes_on
from apispy.model import Body, Direction, Exchange, Item, Seen
from apispy.outputs.base import Output, Reading
from apispy.outputs.guard import Guarded
from apispy.steps.errors import ANSWERS, errors_of, said_in
from apispy.steps.redact import redact, withholds, without_quotes
from apispy.tap.events import Answered, Closed, Data, Event, GaveUp, Opened, Read, Skipped, StreamEnded

HISTORY_ITEMS = 200
HISTORY_BYTES = 256 << 10
"""How much of a live stream's past is remembered, beside its last item."""

LISTED = ("member", "h2c")
WHOLE = ("json", *LISTED)
LISTED_ITEMS = 2000
"""Kinds of items that say of many bytes only what they are: of a stream of these so many are remembered. WHOLE: kinds
that are read when all of their bytes are there, and never in pieces."""

ERRORS = 20
"""How many errors of one call are remembered."""

Notes = Literal["off", "on", "strict"]

log = logging.getLogger(__name__)


class Stream:
    """One byte stream, decoded as it flows. Never raises; remembers its last few items."""

    def __init__(self, decoder: Decoder | None) -> None:
        self._decoder = decoder
        self.size = 0
        self.at = 0.0  # the time of what comes, in seconds since the exchange began
        self.items: deque[Item] = deque()
        self.forgot = False
        self._times: deque[float] = deque()
        self._remembered = 0
        self._most = HISTORY_ITEMS

    def feed(self, data: bytes) -> list[Item]:
        self.size += len(data)
        return self._read(lambda decoder: decoder.feed(data))

    def close(self) -> list[Item]:
        found = self._read(lambda decoder: decoder.close())
        self._decoder = None
        return found

    def skip(self, size: int) -> None:
        """Bytes are missing: what comes behind them cannot be decoded."""
        self.size += size
        self._decoder = None

    def take(self, seen: Seen) -> None:
        """What was read when the missing bytes were there."""
        self.at = seen.at
        self._remember(seen.item)

    def seen_beyond(self, kept: int) -> tuple[Seen, ...]:
        """What is remembered of the bytes behind the first *kept*."""
        pairs = zip(self._times, self.items, strict=True)
        return tuple(Seen(at, item) for at, item in pairs if _is_beyond(item, kept))

    def _read(self, step: Callable[[Decoder], list[Item]]) -> list[Item]:
        if self._decoder is None:
            return []
        try:
            found = step(self._decoder)
        except Exception as fault:
            log.exception("a decoder failed")
            self._decoder = None
            text = f"a fault in apispy: {without_quotes(repr(fault))}"
            found = [Item("problem", "not decoded", text, (self.size, self.size))]
        for item in found:
            self._remember(item)
        return found

    def _remember(self, item: Item) -> None:
        self.items.append(item)
        self._times.append(self.at)
        self._remembered += _weight(item)
        self._most = LISTED_ITEMS if item.kind in LISTED else self._most
        while len(self.items) > 1 and (len(self.items) > self._most or self._remembered > HISTORY_BYTES):
            self._remembered -= _weight(self.items.popleft())
            self._times.popleft()
            self.forgot = True


def _weight(item: Item) -> int:
    """About what it takes to remember an item: as much as the bytes that it was read from."""
    return 0 if item.kind in LISTED else item.span[1] - item.span[0]


@dataclass(slots=True)
class Live:
    """A call that is under way."""

    exchange: Exchange  # clean, as it last was
    call: Call
    streams: dict[Direction, Stream] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    told: bool = False  # the outputs know that it has begun
    at: float = 0.0  # the time of the last event, in seconds since the exchange began

    def reading(self, memory: Memory) -> Reading:
        items = {direction: tuple(stream.items) for direction, stream in self.streams.items()}
        return Reading(self.exchange, self.call, items, tuple(self.errors), label=memory.labelled, at=self.at)

    def stream(self, direction: Direction, at: float) -> Stream:
        """The stream in which something happens, at this time."""
        stream = self.streams.setdefault(direction, Stream(None))
        self.at = stream.at = at
        return stream


class Pipeline:
    """Takes the tap's events, in order, and tells the outputs. Nothing that goes wrong in it comes out of it.

    *clock* gives Unix seconds; it only tells how long calls that are open at the end have been so. With *redacted* the
    secrets have been taken out of what comes already, as from a capture.
    """

    def __init__(
        self,
        outputs: Sequence[Output],
        *,
        show_secrets: bool = False,
        redacted: bool = False,
        notes: Notes = "on",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._redacted = redacted
        self._outputs = [Guarded(output) for output in outputs]
        self._show_secrets = show_secrets
        self._notes = notes
        self._clock = clock
        self._live: dict[int, Live] = {}
        self._memory = Memory()

    def feed(self, event: Event) -> None:
        """Take the next event."""
        try:
            self._take(event)
        except Exception as fault:  # a bug of ours must not reach the traffic
            log.exception("the pipeline failed")
            self.notice(f"a fault in apispy, something is not shown: {fault!r}")

    def notice(self, text: str) -> None:
        """Say something that belongs to no call."""
        for output in self._outputs:
            output.notice(text)

    def close(self) -> None:
        """Show the calls that are still open, as such, then end all outputs."""
        for live in sorted(self._live.values(), key=lambda live: live.exchange.id):
            self.feed(Closed(self._still_open(live)))
        self._live.clear()
        for output in self._outputs:
            output.close()

    # -- events --

    def _take(self, event: Event) -> None:
        match event:
            case Opened(exchange):
                self._opened(exchange)
            case Answered(exchange):
                self._answered(exchange)
            case Data():
                self._data(event)
            case StreamEnded():
                self._stream_ended(event)
            case Closed(exchange):
                self._closed(exchange)
            case GaveUp(connection, reason):
                self._gave_up(connection, reason)
            case Skipped(number, direction, size):
                if live := self._live.get(number):
                    live.stream(direction, live.at).skip(size)
            case Read(number, direction, seen):
                self._seen(number, direction, seen)

    def _opened(self, exchange: Exchange) -> None:
        call = engine.lookup(exchange.request.method, exchange.request.target)
        live = self._live[exchange.id] = Live(self._clean(exchange, call), call, at=exchange.request.at)
        self._decode(live, "request")
        if not exchange.request.announces_body or call.operation.request != "json":
            self._tell_begin(live)

    def _answered(self, exchange: Exchange) -> None:
        live = self._live.get(exchange.id)
        if live is None:
            return
        live.exchange = self._clean(exchange, live.call)
        live.at = exchange.response.at if exchange.response else live.at
        self._decode(live, *live.exchange.streams)
        self._tell_begin(live)

    def _data(self, event: Data) -> None:
        live = self._live.get(event.exchange_id)
        if live is None:
            return
        stream = live.stream(event.direction, event.chunk.at)
        if not self._hides(live.call, event.direction):
            reading = live.reading(self._memory)
            for output in self._outputs:
                output.about(
                    reading, lambda to: to.chunk(reading, event.direction, event.offset, event.chunk)
                )
        self._flow(live, event.direction, stream.feed(event.chunk.data))

    def _stream_ended(self, event: StreamEnded) -> None:
        live = self._live.get(event.exchange_id)
        if live is None:
            return
        self._flow(live, event.direction, live.stream(event.direction, event.at).close())
        if event.direction == "request":
            self._tell_begin(live)

    def _closed(self, exchange: Exchange) -> None:
        live = self._live.pop(exchange.id, None)
        call = live.call if live else engine.lookup(exchange.request.method, exchange.request.target)
        live = live or Live(exchange, call)
        for direction in live.streams:
            self._flow(live, direction, live.stream(direction, exchange.duration).close())
        live.call = _with_form(call, exchange)
        clean = _with_seen(self._clean(exchange, call), live)
        reading = _finish(clean, live, self._memory, self._notes)
        for output in self._outputs:
            output.about(reading, lambda to: to.write(reading))
            output.forget(exchange.id)

    def _gave_up(self, connection: int, reason: str) -> None:
        why = reason if self._show_secrets else without_quotes(reason)
        self.notice(f"connection {connection}: {why}. It is not read any further; its traffic goes on.")

    def _seen(self, number: int, direction: Direction, seen: Seen) -> None:
        if live := self._live.get(number):
            live.stream(direction, seen.at).take(seen)
            self._flow(live, direction, [seen.item])

    # -- parts --

    def _clean(self, exchange: Exchange, call: Call) -> Exchange:
        return exchange if self._show_secrets or self._redacted else redact(exchange, call)

    def _hides(self, call: Call, direction: Direction) -> bool:
        return not self._show_secrets and withholds(call, direction)

    def _decode(self, live: Live, *directions: Direction) -> None:
        """Make the live decoders of streams that have none yet."""
        for direction in directions:
            if direction not in live.streams:
                hidden = self._hides(live.call, direction)
                live.streams[direction] = Stream(
                    decoder_for(live.exchange, live.call, direction, discreet=hidden)
                )

    def _tell_begin(self, live: Live) -> None:
        if live.told or not _begins_now(live):
            return
        live.told = True
        reading = live.reading(self._memory)
        for output in self._outputs:
            output.about(reading, lambda to: to.opened(reading))

    def _flow(self, live: Live, direction: Direction, items: list[Item]) -> None:
        for item in items:
            if direction in ANSWERS and len(live.errors) < ERRORS and (error := said_in(item)):
                live.errors.append(error)
        if live.told and items:
            if direction == "response":
                self._memory.learn(live.call, [], _json(items))
            reading = live.reading(self._memory)
            for item, output in product(items, self._outputs):
                output.about(reading, lambda to, item=item: to.item(reading, direction, item))  # type: ignore[misc]

    def _still_open(self, live: Live) -> Exchange:
        """What is known of a call that has no end yet. Its bytes went by; they are not kept here."""
        exchange = live.exchange
        for direction in exchange.streams:
            stream = live.streams.get(direction)
            exchange = exchange.with_stream(direction, Body(size=stream.size if stream else 0))
        return replace(exchange, end="open", duration=max(0.0, self._clock() - exchange.started))


def decoder_for(
    exchange: Exchange, call: Call, direction: Direction, *, discreet: bool = False
) -> Decoder | None:
    """The decoder that fits this stream, or None when there is nothing to read in it.

    With *discreet*, because the stream's bytes are withheld, only one whose items hold none of them.
    """
    response = exchange.response
    headers = response.headers if response and direction != "request" else exchange.request.headers
    name = decoders.choose(call, direction, headers, response.status if response else None)
    return decoders.make(name) if name and (not discreet or name in decoders.DISCREET) else None


def read(exchange: Exchange, memory: Memory, *, show_secrets: bool = False, notes: Notes = "on") -> Reading:
    """Read a finished exchange, from a capture say, as the live way would have read it.

    *memory* is that of the session: it knows what earlier calls told, and learns from this one.
    """
    call = engine.lookup(exchange.request.method, exchange.request.target)
    clean = exchange if show_secrets else redact(exchange, call)
    return _finish(clean, Live(clean, _with_form(call, exchange)), memory, notes)


def _with_form(call: Call, exchange: Exchange) -> Call:
    """The call with those of its parameters that came in the body, if that is a form."""
    kind, body = exchange.request.headers.text("content-type"), exchange.request.body
    is_form = kind.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded"
    return engine.with_form(call, body.data) if is_form and not body.cut else call


def _finish(exchange: Exchange, live: Live, memory: Memory, notes: Notes) -> Reading:
    """The last reading of a call: what was decoded live is used again, the rest decoded from what was kept."""
    items = {
        direction: _items(exchange, live, direction, body)
        for direction, body in exchange.streams.items()
        if body.size
    }
    answer = [item for direction in ANSWERS for item in items.get(direction, ())]
    errors = tuple(dict.fromkeys((*live.errors, *errors_of(exchange, answer))))
    asked, answered = _json(items.get("request", ())), _json(items.get("response", ()))
    if exchange.response is not None and exchange.response.status < 400:
        memory.learn(live.call, asked, answered)
    noted = () if notes == "off" else notes_on(live.call, exchange, asked, answered, strict=notes == "strict")
    return Reading(exchange, live.call, items, errors, noted, memory.labelled, exchange.duration)


def _with_seen(exchange: Exchange, live: Live) -> Exchange:
    """The exchange with what was read in those of its bytes that it does not hold.

    What was withheld has no digest: whoever guesses a secret could prove it with one.
    """
    for direction, body in exchange.streams.items():
        stream = live.streams.get(direction)
        if body.cut or not body.shown:
            seen = stream.seen_beyond(body.kept) if stream else body.seen
            body = replace(body, seen=seen, digest=body.digest if body.shown else "")
            exchange = exchange.with_stream(direction, body)
    return exchange


def _json(items: Iterable[Item]) -> list[Any]:
    return [item.value for item in items if item.kind == "json"]


def _items(exchange: Exchange, live: Live, direction: Direction, body: Body) -> tuple[Item, ...]:
    stream = live.streams.get(direction)
    past = tuple(stream.items) if stream else tuple(seen.item for seen in body.seen)
    if past and not (stream and stream.forgot):
        return past
    again = Stream(decoder_for(exchange, live.call, direction) if body.shown else None)
    head = [item for chunk in body.chunks for item in again.feed(chunk.data)]
    if not body.cut:
        return (*head, *again.close())
    # The middle is not kept: what was read in the kept head, then what is remembered of the end.
    return (*head, *[item for item in past if _is_beyond(item, body.kept)])


def _is_beyond(item: Item, kept: int) -> bool:
    """Whether the first *kept* bytes of its stream do not tell an item; of a text they tell its beginning."""
    return item.span[0] >= kept or (item.kind in WHOLE and item.span[1] > kept)


def _begins_now(live: Live) -> bool:
    """Whether the outputs should hear of this call before its end. A hijack shows only in its answer."""
    if live.call.operation.opens == "if-hijacked":
        return live.exchange.tunnel is not None
    return live.exchange.tunnel is not None or live.call.stays_open
