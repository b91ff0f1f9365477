"""The messages in one direction of a gRPC stream, from whatever pieces they arrive in.

A message is one byte that shows whether it is compressed, its length as an unsigned 32-bit big-endian number, and its
content. Source: gRPC over HTTP/2, github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
"""

import zlib
from collections import Counter
from typing import Any

from apispy.decoders.grpc_messages import decode_message
from apispy.decoders.protobuf import ProtobufError

PREFIX_SIZE = 5
"""Bytes before each message."""

MAX_LISTED = 50
"""Lengths of messages that one item lists."""

MAX_MESSAGE_SIZE = 1 << 20
"""Bytes of a message that is decoded, both compressed and not. A larger one is only counted."""

MAX_HELD = 4 << 20
"""Bytes of messages that one direction of a connection may hold until they are complete."""

DATA_PACKET = 2
MAX_OPEN_FILES = 1000
"""Files whose pieces are added up at a time."""


class Budget:
    """The bytes that open messages of one direction may hold; *left* of them are free."""

    def __init__(self) -> None:
        self.left = MAX_HELD


class MessageReader:
    """Reads the messages in one direction of a stream.

    ``count`` is the number of messages that have begun, None if the stream is not gRPC; ``size`` is the size of all, in
    bytes, with prefixes; ``lengths`` has the lengths of the first MAX_LISTED that began since it was last emptied, and
    ``found`` the decoded ones that ended. *message* is their name in ``grpc_schema``; without one, or if they are too
    large or malformed, they are only counted, the latter in ``undecoded``. *coding*: that of compressed messages.
    """

    def __init__(self, budget: Budget, message: str = "", *, grpc: bool, coding: bytes = b"") -> None:
        self.count: int | None = 0 if grpc else None
        self.size = self.undecoded = 0
        self.lengths: list[int] = []
        self.found: list[dict[str, Any]] = []
        self._message, self._coding, self._budget = message, coding, budget
        self._files = SentFiles()
        self._prefix = b""
        self._compressed = 0
        self._left = 0  # bytes left of the open message
        self._content: bytearray | None = None  # of the open message, if it is decoded
        self._reserved = 0

    def feed(self, data: bytes) -> None:
        self.size += len(data)
        at = 0
        while at < len(data) and self.count is not None:
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                if self._content is not None:
                    self._content += data[at : at + step]
                self._end_message()
            else:
                step = min(PREFIX_SIZE - len(self._prefix), len(data) - at)
                self._prefix += data[at : at + step]
                self._begin()
            at += step

    def total(self) -> dict[str, Any]:
        """End the stream. Returns its measures."""
        self._release()
        found = {"messages": self.count, "size": self.size}
        return found | ({"undecoded": self.undecoded} if self.undecoded else {})

    def _begin(self) -> None:
        """Begin a message, if its prefix is complete."""
        if self.count is None or len(self._prefix) < PREFIX_SIZE:
            return
        self._compressed, self._left = self._prefix[0], int.from_bytes(self._prefix[1:])
        self._prefix = b""
        if self._compressed > 1:  # not gRPC, whatever the header says
            self.count = None
            return
        self.count += 1
        if len(self.lengths) < MAX_LISTED:
            self.lengths.append(self._left)
        if self._message and self._left <= min(MAX_MESSAGE_SIZE, self._budget.left):
            self._content, self._reserved = bytearray(), self._left
            self._budget.left -= self._left
        elif self._message:
            self.undecoded += 1
        self._end_message()

    def _end_message(self) -> None:
        """Decode the message if it is complete."""
        if self._left or self._content is None:
            return
        try:
            value = decode_message(self._message, self._plain(bytes(self._content)))
        except (ProtobufError, zlib.error):
            self.undecoded += 1
        else:
            shown = self._files.packet(value) if self._message == "Packet" else value
            self.found += [] if shown is None else [shown]
        self._release()

    def _plain(self, content: bytes) -> bytes:
        """Decompress a message. Raises zlib.error, or ProtobufError if it is too large or of another compression."""
        if not self._compressed:
            return content
        if self._coding != b"gzip":
            raise ProtobufError("compressed in a way that is not known")
        inflater = zlib.decompressobj(wbits=31)
        plain = inflater.decompress(content, MAX_MESSAGE_SIZE)
        if not inflater.eof:
            raise ProtobufError("larger than the limit, or incomplete")
        return plain

    def _release(self) -> None:
        self._budget.left += self._reserved
        self._content, self._reserved = None, 0


class SentFiles:
    """The files of a FileSync/DiffCopy stream: their contents become one message each, with the number of bytes.

    Packets: 0 the next path, 1 a request for one by its place in the list, 2 a piece of it, empty at its end, 3 the end
    of all, 4 an error.
    """

    def __init__(self) -> None:
        self._sizes: Counter[int] = Counter()

    def packet(self, value: dict[str, Any]) -> dict[str, Any] | None:
        """Return the packet to show; None for pieces of files and the end of a list."""
        kind, number = value.get("type", 0), value.get("ID", 0)
        if kind == 0 and "stat" not in value:
            return None
        if kind != DATA_PACKET:
            return value
        if value.get("data"):
            if number in self._sizes or len(self._sizes) < MAX_OPEN_FILES:
                self._sizes[number] += value["data"]
            return None
        return {"type": kind, "ID": number, "data": self._sizes.pop(number, 0)}
