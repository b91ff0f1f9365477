"""The session of a build in a gRPC call of its own: the messages of Control/Session carry HTTP/2, in which the daemon
calls the client, as it does in the tunnel of POST /session.

Source: moby/buildkit, session/grpchijack; BytesMessage, 1 data.
"""

from apispy.decoders.base import decoder
from apispy.decoders.grpc_body import measured
from apispy.decoders.grpc_context import GrpcContext
from apispy.decoders.grpc_stream import Message, MessageReader
from apispy.decoders.h2c import H2c
from apispy.decoders.protobuf import ProtobufError, wire_fields
from apispy.model import Item
from apispy.structs import replace

DATA = 1
"""The field of a message that has the bytes."""


@decoder("grpc-session", by_item=True)
class GrpcSession:
    """One direction of the call Control/Session, whose messages carry HTTP/2. The items are those of "h2c". A frame
    begins where the one before it ends, so its span has the prefixes of messages too. Messages without bytes have an
    item of kind "grpc-message". After a problem, bytes are only counted.
    """

    def __init__(self) -> None:
        self.join(GrpcContext())

    def join(self, context: GrpcContext) -> None:
        """Take the context of the stream, before its first bytes."""
        self._reader = MessageReader(context.budget, grpc=True, coding=context.coding, decode=carried)
        self._http2 = H2c(context.budget)
        self._http2.join(context)
        self._carried = 0  # bytes of HTTP/2 in the messages so far
        self._start = 0  # offset of the first byte that no item covers yet
        self._is_read = True

    def feed(self, data: bytes) -> list[Item]:
        items = [item for message in self._reader.read(data) for item in self._message(message)]
        return items + (self._give_up("not a message") if self._reader.count is None else [])

    def close(self) -> list[Item]:
        is_open = self._reader.is_open
        size = self._reader.total()["size"]
        items = [
            self._placed(item, size if item.span[0] < item.span[1] else self._start)
            for item in self._http2.close()
            if self._is_read or item.kind == "grpc"
        ]
        if self._start < size:
            span, self._start = (self._start, size), size
            rest = Item("raw", f"{size - span[0]} bytes, not read", b"", span)
            if self._is_read and is_open:
                rest = Item("problem", "cut off", "the stream ends inside a message", span)
            items = [rest, *(replace(item, span=(size, size)) for item in items)]
        return items

    def _message(self, message: Message) -> list[Item]:
        if not self._is_read:
            return []
        if message.value is None:
            return self._give_up("a message that cannot be read")
        if not message.value:
            span, self._start = (self._start, message.end), message.end
            return [measured(message, span)]
        self._carried += len(message.value)
        items: list[Item] = []
        for item in self._http2.feed(message.value):
            if item.kind == "problem":
                return items + self._give_up(item.value.partition(": ")[2].partition(";")[0])
            items.append(self._placed(item, message.end - (self._carried - item.span[1])))
        return items

    def _give_up(self, why: str) -> list[Item]:
        if not self._is_read:
            return []
        self._is_read = False
        text = f"at byte {self._start}: {why}; the bytes from here on are only counted"
        return [Item("problem", "not read", text, (self._start, self._start))]

    def _placed(self, item: Item, end: int) -> Item:
        """Move an item of the HTTP/2 stream to its place in this one, where it ends at *end*."""
        span = self._start, max(self._start, end)
        self._start = span[1]
        return replace(item, span=span, children=tuple(replace(one, span=span) for one in item.children))


def carried(message: bytes) -> bytes:
    """Return the bytes of HTTP/2 in a message. Raises ProtobufError."""
    found = b""
    for number, _, content in wire_fields(message):
        if number == DATA and not isinstance(content, bytes):
            raise ProtobufError("a number where bytes are expected")
        if number == DATA and isinstance(content, bytes):
            found = content
    return found
