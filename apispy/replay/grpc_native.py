"""The gRPC calls of connections that were HTTP/2 from the first byte: each was recorded as a call of its own.

All calls of a connection are read together, as those of a tunnel are: what one of them waits for is on its connection.
A recording has the bytes of their messages if it was made with --show-secrets; otherwise those that ``grpc_record``
encodes again.
"""

from collections.abc import Iterator
from typing import Any

from apispy.decoders.grpc import DETAILS, error_of, read_details
from apispy.decoders.grpc_messages import messages_of
from apispy.decoders.grpc_schema import message_of
from apispy.decoders.grpc_session import carried
from apispy.decoders.grpc_stream import PREFIX_SIZE
from apispy.decoders.protobuf import ProtobufError
from apispy.http2 import Fields
from apispy.model import Body, Chunk, Headers, Item
from apispy.redaction.stream_policy import GRPC as MEDIA_TYPE
from apispy.replay.grpc_record import (
    EMPTY,
    LOST,
    Message,
    MessageSplitter,
    Part,
    TunnelRecord,
    decoded,
    encoded,
    read_directions,
)
from apispy.replay.recorded_calls import NESTED_SESSION, RecordedCall
from apispy.replay.response import http2_fields
from apispy.structs import replace


def read_connection(calls: list[RecordedCall]) -> TunnelRecord:
    """Read the gRPC calls of one connection. The number of a call stands for its stream."""
    parts = [part for call in calls for part in _parts(call)]
    parts.sort(key=lambda part: part.at)
    return TunnelRecord(calls[0], tuple(parts), carriers={call.number: call for call in calls})


def read_session(call: RecordedCall) -> TunnelRecord:
    """Read the session in the messages of a recorded call, which carry HTTP/2."""
    request, response = call.exchange.request, call.exchange.response
    answered = response.body if response else Body()
    return read_directions(call, _carried(request.body), _carried(answered))


def _parts(call: RecordedCall) -> Iterator[Part]:
    exchange, number = call.exchange, call.number
    request, started = exchange.request, exchange.started
    fields = [(b":path", request.target.encode("latin-1")), *http2_fields(request.headers)]
    yield Part(started + request.at, number, True, "head", fields)
    is_session = call.name == NESTED_SESSION  # its messages are those of ``read_session``
    if not is_session:
        yield from _messages(call, request.body, by_caller=True)
    if request.body.ended_at is not None:
        yield Part(started + request.body.ended_at, number, True, "end")
    yield from _answers(call, with_messages=not is_session)


def _answers(call: RecordedCall, *, with_messages: bool) -> Iterator[Part]:
    exchange, number, response = call.exchange, call.number, call.exchange.response
    if response is not None:
        body, ended_at = response.body, response.body.ended_at
        head: Fields = [(b":status", b"%d" % response.status)]
        if (
            ended_at is not None and not body.size and not len(body.trailers)
        ):  # the head has the status of the call
            yield _end(call, ended_at, response.headers, head)
            return
        head += http2_fields(response.headers)
        yield Part(exchange.started + response.at, number, False, "head", head)
        if with_messages:
            yield from _messages(call, body, by_caller=False)
        if ended_at is not None:
            yield _end(call, ended_at, body.trailers, [])
            return
    if exchange.end == "cut":
        yield Part(exchange.started + exchange.duration, number, False, "end", resets=True)


# -- messages --


def _messages(call: RecordedCall, body: Body, *, by_caller: bool) -> Iterator[Part]:
    found = _from_bytes(call, body, by_caller=by_caller) if body.shown else _from_items(call, body, by_caller)
    for at, message in found:
        yield Part(call.exchange.started + at, call.number, by_caller, "message", message=message)


def _from_bytes(call: RecordedCall, body: Body, *, by_caller: bool) -> Iterator[tuple[float, Message]]:
    exchange = call.exchange
    headers = exchange.request.headers if by_caller or not exchange.response else exchange.response.headers
    coding, splitter = headers.text("grpc-encoding").encode("latin-1"), MessageSplitter()
    for chunk in body.chunks:
        if not headers.text("content-type").startswith(MEDIA_TYPE):
            yield chunk.at, Message(chunk.data)  # an error of the daemon's API
            continue
        for data in splitter.feed(chunk.data):
            yield chunk.at, decoded(exchange.request.target, data, request=by_caller, coding=coding)
    if body.cut:
        yield body.chunks[-1].at if body.chunks else exchange.request.at, LOST


def _from_items(call: RecordedCall, body: Body, by_caller: bool) -> Iterator[tuple[float, Message]]:
    name = message_of(call.exchange.request.target, request=by_caller)
    if not (body.seen and body.seen[0].item.span[0] == 0):  # an empty body is not withheld
        yield (body.seen[0].at if body.seen else call.exchange.request.at), LOST
    for seen in body.seen:
        if seen.item.kind == "grpc-message":
            yield seen.at, _of_item(name, seen.item)
        elif seen.item.label == "not read":
            yield seen.at, LOST


def _of_item(name: str, item: Item) -> Message:
    values = [one["message"] for one in messages_of(item)] if name else []
    if values:
        return encoded(name, values[0])
    is_empty = isinstance(item.value, dict) and item.value.get("size") == 0
    return EMPTY if is_empty else LOST


def _carried(body: Body) -> Body:
    """The HTTP/2 in the messages of a session, as a body of its own."""
    if not body.shown:
        return body
    splitter, chunks = MessageSplitter(), []
    try:
        for chunk in body.chunks:
            for message in splitter.feed(chunk.data):
                chunks.append(Chunk(chunk.at, carried(message[PREFIX_SIZE:])))
    except ProtobufError:  # what follows is not read
        pass
    size = sum(len(chunk.data) for chunk in chunks)
    return replace(body, chunks=tuple(chunks), size=size + body.cut)


# -- the error of a call


def _end(call: RecordedCall, at: float, headers: Headers, head: Fields) -> Part:
    """The end of a response with the status in *headers*. *head*: the other fields, if a head has the status."""
    given = list(http2_fields(headers))
    read = read_details(dict(given).get(DETAILS, b""))
    error: dict[str, Any] = {}
    if "message" not in read:  # redaction removed it, if there was any; or a client cannot read the details
        given = [(name, value) for name, value in given if name != DETAILS]
        error = (
            error_of(call.exchange.request.target, dict(http2_fields(headers))) if "source" in read else {}
        )
    fields = [*head, *given]
    return Part(call.exchange.started + at, call.number, False, "end", fields, error=error)
