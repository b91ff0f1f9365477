"""The way of one exchange: tap event -> redact -> lookup -> live decoders -> outputs."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from typing import Any, Literal

from apispy import decoders, engine
from apispy.decoders.base import Decoder
from apispy.engine.operation import Call
from apispy.learn import Memory, notes_on
from apispy.model import Body, Direction, Exchange, Item, Request, Response, Seen, Tunnel
from apispy.outputs.base import Output, Reading
from apispy.outputs.guard import Guarded
from apispy.steps.errors import ANSWERS, errors_of, said_in
from apispy.steps.heads import without_quotes
from apispy.steps.parameters import innocent
from apispy.steps.redact import Cleaning, Redactor
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

SILENT = ("", "json", "text", "raw", "tar")
"""Formats of answers that do not tell of an error after a status of success."""

Notes = Literal["off", "on", "strict"]

GLANCING = Redactor()
"""For what is only counted: nobody compares its tokens."""

log = logging.getLogger(__name__)


class Stream:
    """One byte stream, decoded as it flows. Never raises; remembers its last few items."""

    def __init__(self, decoder: Decoder | None, clean: Callable[[Item], Item] = lambda item: item) -> None:
        self._decoder = decoder
        self._clean = clean
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
            found = [self._clean(item) for item in step(self._decoder)]
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
    call: Call  # clean
    cleaning: Cleaning
    streams: dict[Direction, Stream] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    told: bool = False  # the outputs know that it has begun
    at: float = 0.0  # the time of the last event, in seconds since the exchange began

    def reading(self, memory: Memory) -> Reading:
        items = {direction: tuple(stream.items) for direction, stream in self.streams.items()}
        return Reading(
            self.exchange,
            self.call,
            items,
            tuple(self.errors),
            label=memory.labelled,
            aliases=memory.aliases,
            at=self.at,
        )

    def format(self, direction: Direction, memory: Memory, asked: list[Any]) -> str:
        """The name of the decoder that fits a stream. *asked*: the JSON of the request's body, if any."""
        response = self.exchange.response
        headers = response.headers if response and direction != "request" else self.exchange.request.headers
        tty = memory.terminal(self.call, asked[0] if asked else None)
        return decoders.choose(self.call, direction, headers, response.status if response else None, tty=tty)

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
        redactor: Redactor | None = None,
        notes: Notes = "on",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._outputs = [Guarded(output) for output in outputs]
        self._redactor = redactor or Redactor()
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
            self.notice(f"a fault in apispy, something is not shown: {self._redactor.message(repr(fault))}")

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
        live = self._live[exchange.id] = _live(self._redactor, exchange)
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
        chunk = live.cleaning.chunk(event.direction, event.chunk)
        if chunk is not None:
            reading = live.reading(self._memory)
            for output in self._outputs:
                output.about(reading, lambda to: to.chunk(reading, event.direction, event.offset, chunk))
        self._flow(live, event.direction, stream.feed(event.chunk.data))

    def _stream_ended(self, event: StreamEnded) -> None:
        live = self._live.get(event.exchange_id)
        if live is None:
            return
        self._flow(live, event.direction, live.stream(event.direction, event.at).close())
        if event.direction == "request":
            self._tell_begin(live)

    def _closed(self, exchange: Exchange) -> None:
        live = self._live.pop(exchange.id, None) or _live(self._redactor, exchange)
        for direction in live.streams:
            self._flow(live, direction, live.stream(direction, exchange.duration).close())
        live.exchange = _with_seen(live.cleaning.exchange(exchange), live)
        self._redactor.count(live.exchange)
        reading = _finish(live, self._memory, self._notes)
        for output in self._outputs:
            output.about(reading, lambda to: to.write(reading))
            output.forget(exchange.id)

    def _gave_up(self, connection: int, reason: str) -> None:
        why = self._redactor.message(reason)
        self.notice(f"connection {connection}: {why}. It is not read any further; its traffic goes on.")

    def _seen(self, number: int, direction: Direction, seen: Seen) -> None:
        if live := self._live.get(number):
            live.stream(direction, seen.at).take(seen)
            self._flow(live, direction, [seen.item])

    # -- parts --

    def _decode(self, live: Live, *directions: Direction) -> None:
        """Make the live decoders of streams that have none yet."""
        for direction in directions:
            if direction not in live.streams:
                asked = _json(live.streams["request"].items) if "request" in live.streams else []
                name = live.format(direction, self._memory, asked)
                readable = name in decoders.DISCREET or not live.cleaning.hides(direction)
                decoder = decoders.make(name) if readable else None
                live.streams[direction] = Stream(decoder, partial(live.cleaning.item, direction))

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


def read(
    exchange: Exchange, memory: Memory, *, redactor: Redactor | None = None, notes: Notes = "on"
) -> Reading:
    """Read a finished exchange, from a capture say, as the live way would have read it.

    *memory* is that of the session: it knows what earlier calls told, and learns from this one. So is *redactor*.
    """
    return _finish(_live(redactor or Redactor(), exchange), memory, notes)


def _live(redactor: Redactor, exchange: Exchange) -> Live:
    cleaning = redactor.cleaning(exchange)
    clean = cleaning.exchange(exchange)
    return Live(clean, cleaning.call(clean), cleaning)


def glance(exchange: Exchange) -> Reading:
    """As much of a finished exchange as statistics need, many times as quickly as ``read`` gives all.

    What is in it has no heads, no bytes and no items. Bodies are looked into only where an answer may tell of an error
    after a status of success; that another is damaged is not seen.
    """
    call, response = engine.lookup(exchange.request.method, exchange.request.target), exchange.response
    if response is not None and response.status < 400 and _may_fail_late(call):
        return read(exchange, Memory(), notes="off")
    slim = _without_contents(exchange)
    if call.query and not innocent(exchange.request.target):
        slim = GLANCING.redact(slim)
        if slim.request.target != exchange.request.target:
            call = replace(engine.lookup(slim.request.method, slim.request.target), operation=call.operation)
    return Reading(slim, call, {})


def _may_fail_late(call: Call) -> bool:
    return call.operation.response not in SILENT or call.operation.id == "ContainerWait"


def _without_contents(exchange: Exchange) -> Exchange:
    request, response, tunnel = exchange.request, exchange.response, exchange.tunnel
    return Exchange(
        exchange.id,
        exchange.connection,
        exchange.started,
        exchange.client,
        exchange.upstream,
        Request(request.method, request.target, body=Body(size=request.body.size)),
        response and Response(response.status, body=Body(size=response.body.size), at=response.at),
        tunnel
        and Tunnel(tunnel.protocol, Body(size=tunnel.to_server.size), Body(size=tunnel.to_client.size)),
        exchange.end,
        exchange.duration,
    )


def _with_form(call: Call, exchange: Exchange) -> Call:
    """The call with those of its parameters that came in the body, if that is a form."""
    kind, body = exchange.request.headers.text("content-type"), exchange.request.body
    is_form = kind.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded"
    return engine.with_form(call, body.data) if is_form and not body.cut else call


def _finish(live: Live, memory: Memory, notes: Notes) -> Reading:
    """The last reading of a call: what was decoded live is used again, the rest decoded from what was kept."""
    exchange = live.exchange
    live.call = _with_form(live.call, exchange)
    formats: dict[Direction, str] = {}
    items: dict[Direction, tuple[Item, ...]] = {}
    for direction, body in exchange.streams.items():
        if body.size:
            formats[direction] = live.format(direction, memory, _json(items.get("request", ())))
            items[direction] = _items(live, direction, body, formats[direction])
    answer = [item for direction in ANSWERS for item in items.get(direction, ())]
    errors = tuple(dict.fromkeys((*live.errors, *errors_of(exchange, answer))))
    asked, answered = _json(items.get("request", ())), _json(items.get("response", ()))
    if exchange.response is not None and exchange.response.status < 400:
        memory.learn(live.call, asked, answered)
    noted = () if notes == "off" else notes_on(live.call, exchange, asked, answered, strict=notes == "strict")
    return Reading(
        exchange,
        live.call,
        items,
        errors,
        noted,
        formats,
        label=memory.labelled,
        aliases=memory.aliases,
        at=exchange.duration,
    )


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


def _items(live: Live, direction: Direction, body: Body, name: str) -> tuple[Item, ...]:
    stream = live.streams.get(direction)
    past = tuple(stream.items) if stream else tuple(seen.item for seen in body.seen)
    if past and not (stream and stream.forgot):
        return past
    again = Stream(decoders.make(name) if body.shown else None)
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
