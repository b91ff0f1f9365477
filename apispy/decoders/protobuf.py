"""The protobuf wire format, without generated code: the fields of one message, by number.

Source: protobuf.dev/programming-guides/encoding. A library would need the descriptors of every message; the tables of
``grpc_schema`` name only the fields that apispy shows.
"""

from collections.abc import Iterator

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
"""Wire types. 3 and 4, groups, are obsolete, and no message of BuildKit has them."""

FIXED_SIZES = {FIXED64: 8, FIXED32: 4}

MAX_VARINT_SIZE = 10
"""Bytes of a 64-bit number."""

MAX_FIELDS = 50_000
"""Fields of one message that are read."""

WireField = tuple[int, int, int | bytes]
"""Number, wire type, value: an unsigned number, or the bytes of a field with a length."""


class ProtobufError(ValueError):
    """The bytes are not a protobuf message. The error quotes nothing of them."""


def wire_fields(data: bytes) -> Iterator[WireField]:
    """Yield the fields of a message in order. Raises ProtobufError."""
    at = count = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        count += 1
        if not 0 < number < 1 << 29 or count > MAX_FIELDS:
            raise ProtobufError("not a field number, or too many fields")
        if kind == VARINT:
            value, at = _varint(data, at)
            yield number, kind, value
            continue
        if kind == LENGTH:
            size, at = _varint(data, at)
        elif kind in FIXED_SIZES:
            size = FIXED_SIZES[kind]
        else:
            raise ProtobufError("not a wire type")
        if size > len(data) - at:
            raise ProtobufError("a field is longer than its message")
        content = data[at : at + size]
        at += size
        yield number, kind, content if kind == LENGTH else int.from_bytes(content, "little")


def written_varint(number: int, value: int) -> bytes:
    """Write a field with a number, which may be negative."""
    return written_number(number << 3 | VARINT) + written_number(value & (1 << 64) - 1)


def written_bytes(number: int, content: bytes) -> bytes:
    """Write a field with a length."""
    return written_number(number << 3 | LENGTH) + written_number(len(content)) + content


def written_number(value: int) -> bytes:
    """Write a number that is not negative: seven bits a byte, the lowest first."""
    if value < 0x80:
        return _SHORT[value]
    data = bytearray()
    while value >= 0x80:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)


_SHORT = [bytes((value,)) for value in range(0x80)]
"""Most numbers, written."""


def signed(value: int) -> int:
    """Return an int32 or int64: negative numbers are sent as 64-bit two's complement."""
    return value - (1 << 64) if value >= 1 << 63 else value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Read a number: seven bits a byte, the lowest first. Returns it, and where it ends."""
    if at < len(data) and data[at] < 0x80:  # most numbers, and most quickly
        return data[at], at + 1
    value = 0
    for index, byte in enumerate(data[at : at + MAX_VARINT_SIZE]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            if value >= 1 << 64:
                break
            return value, at + index + 1
    raise ProtobufError("not a number")
