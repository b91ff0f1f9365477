"""The gRPC calls in the recorded tunnels of BuildKit: those of /grpc, and in each /session those of the daemon.

A recording has the bytes of a tunnel if it was made with --show-secrets. Otherwise it has the messages that
``decoders.grpc_schema`` lists, with tokens in place of secrets; they are encoded again. ``grpc_native`` reads the calls
of connections without tunnels.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Literal
from urllib.parse import quote

from apispy.decoders.dockerfile_excerpt import is_excerpt
from apispy.decoders.grpc_messages import decode_message, messages_of
from apispy.decoders.grpc_schema import message_of
from apispy.decoders.grpc_stream import PREFIX_SIZE, decompressed
from apispy.decoders.protobuf import ProtobufError
from apispy.http2 import PREFACE, Fields, Http2Error
from apispy.model import Body, Exchange, Item
from apispy.replay.grpc_encoding import encode_message, with_prefix
from apispy.replay.recorded_calls import RecordedCall
from apispy.structs import Struct, field
from apispy.tap.http2_frames import Content, FrameReader, HeaderBlock, StreamReset

RESULT_AT_CLIENT = "/moby.filesync.v1.FileSend/DiffCopy"
"""The call of a session by which the daemon writes a result at the client."""

CUT = "its messages were not all kept; record with --show-secrets and a larger --body-limit"

HEAD_FIELDS: Fields = [(b":status", b"200"), (b"content-type", b"application/grpc")]
"""The head of every response of BuildKit, for recordings that do not have it."""

UNQUOTED = " !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"
"""Characters of a message about an error that gRPC does not encode."""

PartKind = Literal["head", "message", "end"]


class Message(Struct, frozen=True):
    """A message: with its prefix, as sent, and decoded. *value* is None if the tables do not have it."""

    data: bytes
    value: dict[str, Any] | None = None
    name: str = ""  # in the tables
    recoded: bool = False  # *data* was made from *value*


LOST = Message(b"")
"""A message that the recording does not have."""

EMPTY = Message(with_prefix(b""))


class Part(Struct, frozen=True):
    """What one side sent on a stream. An end may have trailers in *fields*."""

    at: float  # Unix seconds
    stream: int
    by_caller: bool
    kind: PartKind
    fields: Fields = field(default_factory=list)
    message: Message | None = None
    resets: bool = False  # an end: the whole stream ends with it
    error: dict[str, Any] = field(default_factory=dict)  # an end: what ``error_details`` makes the details of


class MessageSplitter:
    """The messages in one direction of a stream, with their prefixes, from whatever pieces they arrive in."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take the next bytes; yield the messages that they complete."""
        self._pending += data
        while len(self._pending) >= PREFIX_SIZE:
            size = PREFIX_SIZE + int.from_bytes(self._pending[1:PREFIX_SIZE])
            if len(self._pending) < size:
                return
            message = bytes(self._pending[:size])
            del self._pending[:size]
            yield message


def decoded(method: str, data: bytes, *, request: bool, coding: bytes = b"") -> Message:
    """The message in *data*, which begins with its prefix. *coding*: that of compressed messages."""
    name = message_of(method, request=request)
    if not name:
        return Message(data)
    content = data[PREFIX_SIZE:]
    try:
        plain = content if data[:1] == b"\0" else decompressed(content, coding)
        return Message(data, decode_message(name, plain), name)
    except (ProtobufError, zlib.error):
        return Message(data, name=name)


class TunnelRecord(Struct, frozen=True):
    """What both sides sent in a tunnel, in order, or in the gRPC calls of a connection without one.

    *problem*: why that is not all, "" if it is. *carriers*: without a tunnel, the call that each stream was recorded
    as; *call* is the first of them then. *has_bytes*: whether the parts are from the bytes that both sides sent.
    """

    call: RecordedCall
    parts: tuple[Part, ...] = ()
    problem: str = ""
    carriers: Mapping[int, RecordedCall] = field(default_factory=dict)
    has_bytes: bool = False

    @property
    def is_silent(self) -> bool:
        """Whether it cannot be played as it was, so that the daemon of a replay makes no call in it."""
        return not self.has_bytes or bool(self.problem) or not self.parts

    @property
    def methods(self) -> dict[int, str]:
        """The method of each stream."""
        heads = (one for one in self.parts if one.by_caller and one.kind == "head")
        return {one.stream: path for one in heads if (path := _path(one))}

    def carrier(self, stream: int) -> RecordedCall:
        """The recorded call that has the gRPC call on *stream*: the tunnel, or the call itself."""
        return self.carriers.get(stream, self.call)


def read_tunnel(call: RecordedCall) -> TunnelRecord:
    """Read the tunnel of a recorded call."""
    tunnel = call.exchange.tunnel
    assert tunnel is not None
    return read_directions(call, tunnel.to_server, tunnel.to_client)


def read_directions(call: RecordedCall, to_server: Body, to_client: Body) -> TunnelRecord:
    """Read the directions of HTTP/2 that a recorded call carries."""
    bodies = (to_server, to_client)
    if all(body.shown for body in bodies):
        return _from_bytes(call, call.exchange, *bodies)
    return _from_items(call, call.exchange, *bodies)


# -- from bytes --


def _from_bytes(call: RecordedCall, exchange: Exchange, to_server: Body, to_client: Body) -> TunnelRecord:
    session = to_client.data.startswith(PREFACE)
    chunks = [
        (chunk.at, by_server == session, chunk.data)
        for by_server, body in ((False, to_server), (True, to_client))
        for chunk in body.chunks
    ]
    reader = _BytesReader(exchange.started)
    try:
        for at, by_caller, data in sorted(chunks, key=lambda one: (one[0], not one[1])):
            reader.feed(at, data, by_caller=by_caller)
    except Http2Error as error:
        return TunnelRecord(call, tuple(reader.parts), f"its tunnel cannot be read: {error}")
    problem = CUT if to_server.cut or to_client.cut else ""
    return TunnelRecord(call, tuple(reader.parts), problem, has_bytes=True)


class _BytesReader:
    def __init__(self, started: float) -> None:
        self.parts: list[Part] = []
        self._started = started
        self._frames = {True: FrameReader(), False: FrameReader()}
        self._preface = len(PREFACE)  # bytes of it that the caller has not sent
        self._methods: dict[int, str] = {}
        self._splitters: defaultdict[tuple[int, bool], MessageSplitter] = defaultdict(MessageSplitter)
        self._headed: set[tuple[int, bool]] = set()

    def feed(self, at: float, data: bytes, *, by_caller: bool) -> None:
        if by_caller:
            data, self._preface = data[self._preface :], max(0, self._preface - len(data))
        for frame in self._frames[by_caller].feed(data):
            match frame:
                case HeaderBlock(stream, fields, ends):
                    self._headers(at + self._started, stream, fields, ends, by_caller=by_caller)
                case Content(stream, content, ends):
                    self._content(at + self._started, stream, content, ends, by_caller=by_caller)
                case StreamReset(stream):
                    self.parts.append(Part(at + self._started, stream, by_caller, "end", resets=True))

    def _headers(self, at: float, stream: int, fields: Fields, ends: bool, *, by_caller: bool) -> None:
        if (stream, by_caller) not in self._headed:
            self._headed.add((stream, by_caller))
            if ends and not by_caller:  # the head of a response without messages has the status of the call
                self.parts.append(Part(at, stream, by_caller, "end", fields))
                return
            part = Part(at, stream, by_caller, "head", fields)
            self.parts.append(part)
            if by_caller:
                self._methods[stream] = _path(part)
            fields = []
        if ends:
            self.parts.append(Part(at, stream, by_caller, "end", fields))

    def _content(self, at: float, stream: int, content: bytes, ends: bool, *, by_caller: bool) -> None:
        for data in self._splitters[stream, by_caller].feed(content):
            message = decoded(self._methods.get(stream, ""), data, request=by_caller)
            self.parts.append(Part(at, stream, by_caller, "message", message=message))
        if ends:
            self.parts.append(Part(at, stream, by_caller, "end"))


# -- from items --


def _from_items(call: RecordedCall, exchange: Exchange, to_server: Body, to_client: Body) -> TunnelRecord:
    session = any(one.item.label == "preface" for one in to_client.seen[:1])
    seen = [
        (one.at, by_server == session, one.item)
        for by_server, body in ((False, to_server), (True, to_client))
        for one in body.seen
    ]
    whole = all(
        not body.size or (body.seen and body.seen[0].item.span[0] == 0) for body in (to_server, to_client)
    )
    reader = _ItemsReader()
    for at, by_caller, item in sorted(seen, key=lambda one: (one[0], not one[1])):
        if isinstance(item.value, dict) and isinstance(item.value.get("stream"), int):
            reader.feed(exchange.started + at, item, by_caller=by_caller)
    return TunnelRecord(call, tuple(reader.parts), "" if whole else CUT)


class _ItemsReader:
    def __init__(self) -> None:
        self.parts: list[Part] = []
        self._methods: dict[int, str] = {}
        self._headed: set[tuple[int, bool]] = set()

    def feed(self, at: float, item: Item, *, by_caller: bool) -> None:
        stream = item.value["stream"]
        if item.label == "HEADERS":
            self._headers(at, stream, item, by_caller=by_caller)
        elif item.label == "DATA":
            for message in self._messages(item, by_caller=by_caller):
                self.parts.append(Part(at, stream, by_caller, "message", message=message))
        if "total" in item.value or item.label == "RST_STREAM":
            self._end(at, stream, item, by_caller=by_caller)

    def _headers(self, at: float, stream: int, item: Item, *, by_caller: bool) -> None:
        if (stream, by_caller) in self._headed:
            return
        self._headed.add((stream, by_caller))
        fields = HEAD_FIELDS
        if by_caller:
            self._methods[stream] = str(item.value.get("method", ""))
            fields = [(b":path", self._methods[stream].encode("latin-1", "replace"))]
        self.parts.append(Part(at, stream, by_caller, "head", fields))

    def _messages(self, item: Item, *, by_caller: bool) -> Iterator[Message]:
        """The messages of a DATA frame. Those that are not kept are LOST, unless they are empty."""
        name = message_of(self._methods.get(item.value["stream"], ""), request=by_caller)
        if name:
            for value in (message["message"] for message in messages_of(item)):
                yield encoded(name, value)
            return
        lengths = item.value.get("messages")
        for size in lengths if isinstance(lengths, list) else ():
            yield LOST if size else EMPTY

    def _end(self, at: float, stream: int, item: Item, *, by_caller: bool) -> None:
        total = item.value.get("total")
        if isinstance(total, dict) and total.get("undecoded"):
            self.parts.append(Part(at, stream, by_caller, "message", message=LOST))
        resets = item.label == "RST_STREAM"
        fields = _trailers(item.value)
        error = _error(item.value) if fields else {}
        self.parts.append(Part(at, stream, by_caller, "end", fields, resets=resets, error=error))


def encoded(name: str, value: dict[str, Any]) -> Message:
    """The message of the table with that value; LOST if the value is not one of a message."""
    try:
        return Message(with_prefix(encode_message(name, value)), value, name, recoded=True)
    except (ValueError, OverflowError):  # an edited capture may have numbers that no message has
        return LOST


def status_fields(status: int, message: str = "") -> Fields:
    """The trailers of a call that ends with *status*, and with that message about the error."""
    fields = [(b"grpc-status", str(status).encode())]
    if message:
        coded = quote(message, safe=UNQUOTED, errors="backslashreplace")
        fields.append((b"grpc-message", coded.encode()))
    return fields


def _trailers(value: dict[str, Any]) -> Fields:
    """The trailers that an item describes."""
    if not isinstance(status := value.get("grpc_status"), int):
        return []
    text = value.get("error_message")
    return status_fields(status, text if isinstance(text, str) else "")


def _error(value: dict[str, Any]) -> dict[str, Any]:
    """The error that an item describes with the place that it is about; {} without that. A capture may be edited."""
    place, excerpt = value.get("source"), value.get("excerpt")
    if not isinstance(place, dict) or not isinstance(line := place.get("line"), int):
        return {}
    error = {
        "error_message": str(value.get("error_message", "")),
        "source": {"file": str(place.get("file")), "line": line},
    }
    return error | ({"excerpt": excerpt} if is_excerpt(excerpt) else {})


def _path(part: Part) -> str:
    return dict(part.fields).get(b":path", b"").decode("latin-1")
