"""The messages in one direction of a gRPC stream, from whatever pieces they arrive in.

A message is one byte that shows whether it is compressed, its length as an unsigned 32-bit big-endian number, and its
content. Source: gRPC over HTTP/2, github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
"""

import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from apispy.decoders.grpc_messages import decode_message
from apispy.decoders.protobuf import ProtobufError
from apispy.structs import Struct

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


class Message(Struct, frozen=True):
    """A message that has ended.

    ``end`` is the offset in the stream after its last byte, ``size`` the bytes of its content as sent. ``value`` is its
    decoded content: None if the schema does not have it, if it is a piece of a file, and if it is ``undecoded``,
    because it is too large or malformed.
    """

    end: int
    size: int
    compressed: bool
    value: Any = None
    undecoded: bool = False


class MessageReader:
    """Reads the messages in one direction of a stream.

    ``count`` is the number of messages that have begun, None if the stream is not gRPC; ``size`` is the size of all, in
    bytes, with prefixes; ``lengths`` has the lengths of the first MAX_LISTED that began since it was last emptied, and
    ``found`` the decoded ones that ended in ``feed``. *message* is their name in ``grpc_schema``; without one, or if
    they are too large or malformed, they are only counted, the latter in ``undecoded``. *coding*: that of compressed
    messages. *decode*, instead of *message*: a function that decodes the content, and raises ProtobufError.
    """

    def __init__(
        self,
        budget: Budget,
        message: str = "",
        *,
        grpc: bool,
        coding: bytes = b"",
        decode: Callable[[bytes], Any] | None = None,
    ) -> None:
        self.count: int | None = 0 if grpc else None
        self.size = self.undecoded = 0
        self.lengths: list[int] = []
        self.found: list[dict[str, Any]] = []
        self._decode = decode or (partial(decode_message, message) if message else None)
        self._coding, self._budget = coding, budget
        self._files = SentFiles() if message == "Packet" else None
        self._prefix = b""
        self._compressed = 0
        self._length = 0  # of the open message
        self._left = 0  # bytes left of the open message
        self._content: bytearray | None = None  # of the open message, if it is decoded
        self._reserved = 0

    @property
    def is_open(self) -> bool:
        """Whether a message has begun and not ended."""
        return bool(self._prefix or self._left)

    def feed(self, data: bytes) -> None:
        """Read the next bytes; the decoded messages that end in them are added to ``found``."""
        self.found += [message.value for message in self.read(data) if message.value is not None]

    def read(self, data: bytes) -> Iterator[Message]:
        """Read the next bytes, and yield the messages that end in them. The iterator must be exhausted."""
        start, at = self.size, 0
        self.size += len(data)
        while at < len(data) and self.count is not None:
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                if self._content is not None:
                    self._content += data[at : at + step]
                has_begun = True
            else:
                step = min(PREFIX_SIZE - len(self._prefix), len(data) - at)
                self._prefix += data[at : at + step]
                has_begun = self._begin()
            at += step
            if has_begun and not self._left:
                yield self._end(start + at)

    def total(self) -> dict[str, Any]:
        """End the stream. Returns its measures."""
        self._release()
        found = {"messages": self.count, "size": self.size}
        return found | ({"undecoded": self.undecoded} if self.undecoded else {})

    def _begin(self) -> bool:
        """Begin a message, if its prefix is complete. Returns whether one has begun."""
        if self.count is None or len(self._prefix) < PREFIX_SIZE:
            return False
        self._compressed, self._length = self._prefix[0], int.from_bytes(self._prefix[1:])
        self._prefix = b""
        if self._compressed > 1:  # not gRPC, whatever the header says
            self.count = None
            return False
        self._left = self._length
        self.count += 1
        if len(self.lengths) < MAX_LISTED:
            self.lengths.append(self._length)
        if self._decode and self._length <= min(MAX_MESSAGE_SIZE, self._budget.left):
            self._content, self._reserved = bytearray(), self._length
            self._budget.left -= self._length
        elif self._decode:
            self.undecoded += 1
        return True

    def _end(self, end: int) -> Message:
        """Decode the message, which is complete."""
        value, undecoded = None, self._decode is not None and self._content is None
        if self._decode and self._content is not None:
            try:
                value = self._decode(self._plain(bytes(self._content)))
            except (ProtobufError, zlib.error):
                undecoded = True
                self.undecoded += 1
        if self._files and value is not None:
            value = self._files.packet(value)
        self._release()
        return Message(end, self._length, self._compressed == 1, value, undecoded)

    def _plain(self, content: bytes) -> bytes:
        return decompressed(content, self._coding) if self._compressed else content

    def _release(self) -> None:
        self._budget.left += self._reserved
        self._content, self._reserved = None, 0


def decompressed(content: bytes, coding: bytes) -> bytes:
    """Decompress a message. Raises zlib.error, or ProtobufError if it is too large or of another compression."""
    if coding != b"gzip":
        raise ProtobufError("compressed in a way that is not known")
    inflater = zlib.decompressobj(wbits=31)
    plain = inflater.decompress(content, MAX_MESSAGE_SIZE)
    if not inflater.eof:
        raise ProtobufError("larger than the limit, or incomplete")
    return plain


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
