"""The body of a gRPC call that is an HTTP request of its own: the sizes of its messages, without their content.

A message is one byte that shows whether it is compressed, its length as an unsigned 32-bit big-endian number, and its
content. Source: gRPC over HTTP/2, github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
"""

from apispy.decoders.base import decoder
from apispy.decoders.grpc_stream import PREFIX_SIZE
from apispy.model import Exchange, Item


@decoder("grpc", by_item=True)
class GrpcBody:
    """The messages of one direction of a gRPC call. Items of kind "grpc-message", with the ``size`` of the content, and
    whether it is ``compressed``. After a problem, bytes are only counted.
    """

    def __init__(self) -> None:
        self._at = 0  # offset of the next byte in the stream
        self._start = 0  # offset of the first byte that no item covers yet
        self._prefix = b""
        self._left = 0  # bytes left of the open message
        self._is_grpc = True

    def feed(self, data: bytes) -> list[Item]:
        items: list[Item] = []
        while data and self._is_grpc:
            if self._left:
                step = min(self._left, len(data))
                self._left -= step
            else:
                step = min(PREFIX_SIZE - len(self._prefix), len(data))
                self._prefix += data[:step]
            self._at += step
            data = data[step:]
            items += self._next()
        self._at += len(data)
        return items

    def close(self) -> list[Item]:
        if self._start == self._at:
            return []
        if not self._is_grpc:
            return [self._item("raw", f"{self._at - self._start} bytes, not read", b"")]
        return [self._item("problem", "cut off", "the stream ends inside a message")]

    def _next(self) -> list[Item]:
        """Read the prefix once it is complete, and end the message once it has all of its content."""
        if len(self._prefix) == PREFIX_SIZE and self._at - self._start == PREFIX_SIZE:
            if self._prefix[0] > 1:
                self._is_grpc = False
                text = f"at byte {self._start}: not a message; the bytes from here on are only counted"
                return [Item("problem", "not read", text, (self._start, self._start))]
            self._left = int.from_bytes(self._prefix[1:])
        if len(self._prefix) < PREFIX_SIZE or self._left:
            return []
        value = {"size": int.from_bytes(self._prefix[1:]), "compressed": self._prefix[0] == 1}
        self._prefix = b""
        return [self._item("grpc-message", f"{value['size']} bytes", value)]

    def _item(self, kind: str, label: str, value: object) -> Item:
        """Make an item that covers all bytes read since the last item."""
        start, self._start = self._start, self._at
        return Item(kind, label, value, (start, self._at))


def grpc_status(exchange: Exchange) -> int | None:
    """Return the grpc-status of a gRPC call, from its trailers or, without messages, its headers; None without one."""
    if exchange.response is None:
        return None
    for fields in (exchange.response.body.trailers, exchange.response.headers):
        text = fields.text("grpc-status")
        if text.isascii() and text.isdigit() and len(text) <= 3:
            return int(text)
    return None
