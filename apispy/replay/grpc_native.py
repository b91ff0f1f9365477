"""The gRPC calls of connections that were HTTP/2 from the first byte: each was recorded as a call of its own.

All calls of a connection are read together, as those of a tunnel are: what one of them waits for is on its connection.
A recording has the bytes of their messages if it was made with --show-secrets; otherwise those that ``grpc_record``
encodes again.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import replace

from apispy.decoders.grpc import error_of
from apispy.decoders.grpc_messages import messages_of
from apispy.decoders.grpc_schema import message_of
from apispy.decoders.grpc_session import carried
from apispy.decoders.grpc_stream import PREFIX_SIZE
from apispy.decoders.protobuf import ProtobufError, wire_fields
from apispy.http2 import Fields
from apispy.model import Body, Chunk, Exchange, Headers, Item
from apispy.redaction.stream_policy import GRPC as MEDIA_TYPE
from apispy.replay.grpc_encoding import encode_status
from apispy.replay.grpc_record import (
    EMPTY,
    LOST,
    SOURCE_TYPE,
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

DETAILS = b"grpc-status-details-bin"


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
        head: Fields = [(b":status", b"%d" % response.status), *_status_fields(exchange, response.headers)]
        if (
            ended_at is not None and not body.size and not len(body.trailers)
        ):  # the head has the status of the call
            yield Part(exchange.started + ended_at, number, False, "end", head)
            return
        yield Part(exchange.started + response.at, number, False, "head", head)
        if with_messages:
            yield from _messages(call, body, by_caller=False)
        if ended_at is not None:
            yield Part(
                exchange.started + ended_at, number, False, "end", _status_fields(exchange, body.trailers)
            )
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


# -- the error of a call --


def _status_fields(exchange: Exchange, headers: Headers) -> Fields:
    """The fields of a head or of trailers. Details of an error have its message again, which redaction removes."""
    given = list(http2_fields(headers))
    details = _with_message(exchange.request.target, dict(given))
    return [
        (name, details if name == DETAILS else value) for name, value in given if name != DETAILS or details
    ]


def _with_message(method: str, given: dict[bytes, bytes]) -> bytes:
    """The details of an error with its message; b"" if there is nothing in them that a client may read.

    Go's client takes the message of an error from its details, if a response has them.
    """
    coded = given.get(DETAILS, b"")
    try:
        status = base64.b64decode(coded + b"=" * (-len(coded) % 4), validate=True)
        if any(number == 2 for number, _, _ in wire_fields(status)):
            return coded
    except (binascii.Error, ProtobufError):
        return b""
    error, code = error_of(method, given), given.get(b"grpc-status", b"")
    if "source" not in error or not code.isdigit():
        return b""
    place = {
        "info": {"filename": error["source"]["file"]},
        "ranges": [{"start": {"line": error["source"]["line"]}}],
    }
    message = str(error.get("error_message", ""))
    again = encode_status(int(code), message, SOURCE_TYPE, json.dumps(place).encode())
    return base64.b64encode(again).rstrip(b"=")
