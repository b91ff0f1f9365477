"""The body of a gRPC call that is an HTTP request of its own: one item for each message."""

from typing import Any

from apispy.decoders.base import decoder
from apispy.decoders.grpc import error_of
from apispy.decoders.grpc_context import GrpcContext
from apispy.decoders.grpc_messages import message_item
from apispy.decoders.grpc_schema import message_of
from apispy.decoders.grpc_stream import Message, MessageReader
from apispy.model import Exchange, Headers, Item

OWN_STREAM = 0
"""The number of the HTTP/2 stream that messages of such a call have: those of tunnels count from 1."""


@decoder("grpc", by_item=True)
class GrpcBody:
    """The messages of one direction of a gRPC call, which is an HTTP request of its own. Items of kind "grpc-message",
    with the ``size`` of the content, and whether it is ``compressed``. The [message](buildkit.md) is its child, of kind
    "message", if its method is known; ``undecoded`` is true if it is too large or malformed. After a problem, bytes are
    only counted.
    """

    def __init__(self) -> None:
        self.join(GrpcContext())

    def join(self, context: GrpcContext) -> None:
        """Take the context of the stream, before its first bytes."""
        self._part = "request" if context.direction == "request" else "response"
        self._method = context.method
        message = message_of(context.method, request=self._part == "request")
        self._reader = MessageReader(context.budget, message, grpc=True, coding=context.coding)
        self._start = 0  # offset of the first byte that no item covers yet
        self._is_grpc = True

    def feed(self, data: bytes) -> list[Item]:
        items = [self._message(message) for message in self._reader.read(data)]
        if self._is_grpc and self._reader.count is None:
            self._is_grpc = False
            text = f"at byte {self._start}: not a message; the bytes from here on are only counted"
            items.append(Item("problem", "not read", text, (self._start, self._start)))
        return items

    def close(self) -> list[Item]:
        size = self._reader.total()["size"]
        if self._start == size:
            return []
        span = self._start, size
        self._start = size
        if not self._is_grpc:
            return [Item("raw", f"{span[1] - span[0]} bytes, not read", b"", span)]
        return [Item("problem", "cut off", "the stream ends inside a message", span)]

    def _message(self, message: Message) -> Item:
        span, self._start = (self._start, message.end), message.end
        found: tuple[Item, ...] = ()
        if message.value is not None:
            about = {"stream": OWN_STREAM, "method": self._method, "part": self._part}
            found = (message_item(about | {"message": message.value}, span),)
        return measured(message, span, found)


def measured(message: Message, span: tuple[int, int], children: tuple[Item, ...] = ()) -> Item:
    """Make the item of a message."""
    value: dict[str, Any] = {"size": message.size, "compressed": message.compressed}
    value |= {"undecoded": True} if message.undecoded else {}
    return Item("grpc-message", f"{message.size} bytes", value, span, children)


def grpc_status(exchange: Exchange) -> int | None:
    """Return the grpc-status of a gRPC call, from its trailers or, without messages, its headers; None without one."""
    for fields in _ending_fields(exchange):
        text = fields.text("grpc-status")
        if text.isascii() and text.isdigit() and len(text) <= 3:
            return int(text)
    return None


def grpc_error(exchange: Exchange) -> dict[str, Any]:
    """Return the error of a gRPC call about a build: {"error_message", "source": {"file", "line"}}; {} without one."""
    for fields in _ending_fields(exchange) if grpc_status(exchange) else ():
        if error := error_of(exchange.request.target, {name.lower(): value for name, value in fields}):
            return error
    return {}


def _ending_fields(exchange: Exchange) -> tuple[Headers, ...]:
    """The fields that may say how a call ended."""
    response = exchange.response
    return () if response is None else (response.body.trailers, response.headers)
