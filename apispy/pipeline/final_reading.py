"""The reading of a finished call: everything that outputs get."""

from typing import Any, Literal

from apispy import decoders, engine
from apispy.decoders.grpc_schema import SESSION
from apispy.decoders.json_lines import JsonLines
from apispy.engine.lookup import FORM
from apispy.engine.operation import Call
from apispy.http2 import PREFACE
from apispy.learn import NameRegistry, notes_on
from apispy.model import Body, Direction, Exchange, Item, Seen
from apispy.outputs.base import DecodedCall
from apispy.pipeline.live_call import LiveCall, json_of, start_call
from apispy.pipeline.live_stream import LiveStream, is_beyond
from apispy.pipeline.response_errors import RESPONSE_STREAMS, errors_of, is_cancellation, marked_errors
from apispy.redaction.redactor import Redactor
from apispy.structs import replace

MESSAGES: tuple[Direction, ...] = ("request", "response")

Notes = Literal["off", "on", "strict"]


def read(
    exchange: Exchange, memory: NameRegistry, *, redactor: Redactor | None = None, notes: Notes = "on"
) -> DecodedCall:
    """Read a finished exchange, for example of a capture, as if it had been live.

    *memory* and *redactor* belong to the session: the memory has names from earlier calls, and learns from this one.
    """
    return finish(start_call(redactor or Redactor(), exchange), memory, notes)


def _with_form(call: Call, exchange: Exchange) -> Call:
    """The call with the parameters of its body, if that is a form."""
    body = exchange.request.body
    is_form = exchange.request.headers.media_type == FORM
    return engine.with_form(call, body.data) if is_form and not body.cut else call


def finish(live: LiveCall, memory: NameRegistry, notes: Notes) -> DecodedCall:
    """Make the reading of a finished call from items that were decoded live and from the bytes that were kept."""
    exchange = live.exchange
    live.call = _with_form(live.call, exchange)
    formats: dict[Direction, str] = {}
    items: dict[Direction, tuple[Item, ...]] = {}
    for direction, body in _callers_first(exchange):
        if body.size:
            formats[direction] = live.format(direction, memory, json_of(items.get("request", ())))
            found = _items(live, direction, body, formats[direction])
            items[direction] = (
                marked_errors(live.call, found, body.size) if direction in RESPONSE_STREAMS else found
            )
    answer = [item for direction in RESPONSE_STREAMS for item in items.get(direction, ())]
    found_errors = dict.fromkeys((*live.errors, *errors_of(exchange, answer)))
    errors = tuple(error for error in found_errors if not is_cancellation(live.call, error))
    asked, answered = json_of(items.get("request", ())), json_of(items.get("response", ()))
    _learn(live.call, exchange, asked, answered, memory)
    noted: tuple[str, ...] = ()
    if notes != "off":
        noted = notes_on(live.call, exchange, asked, answered, formats=formats, strict=notes == "strict")
    return DecodedCall(
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


def learn_names(reading: DecodedCall, memory: NameRegistry) -> None:
    """Let *memory* learn from a call that repeats another one, as it does from any finished call."""
    asked, answered = (json_of(reading.items.get(name, ())) for name in MESSAGES)
    _learn(reading.call, reading.exchange, asked, answered, memory)


def _learn(
    call: Call, exchange: Exchange, asked: list[Any], answered: list[Any], memory: NameRegistry
) -> None:
    if exchange.response is not None and exchange.response.status < 400:
        memory.learn(call, asked, answered)


def _callers_first(exchange: Exchange) -> list[tuple[Direction, Body]]:
    """The streams of an exchange. In a tunnel or session of BuildKit, the caller's is first: it has the methods."""
    streams = list(exchange.streams.items())
    if exchange.request.target == SESSION:  # the daemon calls
        streams.reverse()
    tunnel = exchange.tunnel
    if tunnel and tunnel.to_client.chunks and tunnel.to_client.chunks[0].data.startswith(PREFACE):
        streams.sort(key=lambda stream: stream[0] == "to_server")
    return streams


def share_documents(exchange: Exchange, live: LiveCall) -> None:
    """Give the bodies of a finished exchange the values that were decoded while it was open.

    Redaction, decoders and outputs read a body from its ``document``, so it is parsed once.
    """
    for direction, body in exchange.streams.items():
        stream = live.streams.get(direction)
        if stream and stream.size == body.size and not body.cut and (value := stream.only_value) is not None:
            body.with_document(value)


def with_seen(exchange: Exchange, live: LiveCall) -> Exchange:
    """Add the items that were decoded from bytes that the exchange does not keep.

    A withheld body has no digest, because a digest could confirm a guessed secret.
    """
    for direction, body in exchange.streams.items():
        stream = live.streams.get(direction)
        if body.cut or not body.shown:
            seen = stream.seen_beyond(body.kept) if stream else body.seen
            items = live.redactor.again(direction, tuple(one.item for one in seen))
            seen = tuple(Seen(one.at, item) for one, item in zip(seen, items, strict=True))
            body = replace(body, seen=seen, digest=body.digest if body.shown else "")
            exchange = exchange.with_stream(direction, body)
    return exchange


def _items(live: LiveCall, direction: Direction, body: Body, name: str) -> tuple[Item, ...]:
    stream = live.streams.get(direction)
    past = tuple(stream.items) if stream else tuple(seen.item for seen in body.seen)
    past = live.redactor.again(
        direction, past
    )  # an earlier item may hold a secret that a later call has shown
    if past and not (stream and stream.has_forgotten):
        return past
    if (whole := document_of(body, name)) is not None:
        return (whole,)
    again = LiveStream(live.decoder(direction, name) if body.shown else None)
    head = [item for chunk in body.chunks for item in again.feed(chunk.data)]
    if not body.cut:
        return (*head, *again.close())
    # The middle is lost: the items of the kept beginning are followed by those in memory.
    return (*head, *[item for item in past if is_beyond(item, body.kept)])


def document_of(body: Body, name: str) -> Item | None:
    """The only item of a body that is one JSON document; None if its bytes must be decoded."""
    if not body.shown or body.cut or name not in decoders.DECODERS:
        return None
    decoder = decoders.make(name)
    return decoder.document(body.document) if isinstance(decoder, JsonLines) else None
