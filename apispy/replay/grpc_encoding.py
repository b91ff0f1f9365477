"""Protobuf messages from JSON objects, by the tables of ``grpc_schema``: the reverse of ``grpc_messages``.

Fields whose content was not kept, only their size, are absent in the message; protobuf allows that for every field.
"""

from collections.abc import Iterator
from typing import Any

from apispy.decoders import build_answer
from apispy.decoders.grpc_schema import MAPS, MESSAGES, Field, fields_of
from apispy.decoders.grpc_stream import PREFIX_SIZE
from apispy.decoders.protobuf import FIXED64, LENGTH, VARINT

NANOSECONDS = 1_000_000_000

PRECISION = 1_000
"""Nanoseconds: times are kept in microseconds."""


def with_prefix(content: bytes) -> bytes:
    """The message as gRPC sends it: not compressed, with its length."""
    return b"\0" + len(content).to_bytes(PREFIX_SIZE - 1) + content


def encode_message(name: str, value: dict[str, Any]) -> bytes:
    """Encode a message of the table, as ``decode_message`` returns it."""
    return b"".join(
        _field(number, field, one)
        for number, field in sorted(fields_of(name).items())
        if field.name in value
        for one in _values(field, value[field.name])
    )


def _values(field: Field, content: Any) -> Iterator[Any]:
    if field.type == "answer":
        written = {key: build_answer.written_entry(key, value) for key, value in content.items()}
        yield from ((key, text) for key, text in written.items() if text is not None)
    elif field.type in MAPS:
        yield from content.items()
    elif field.repeated:
        yield from content if isinstance(content, list) else ()
    elif field.type in MESSAGES:
        if isinstance(content, dict) and (not content or encode_message(field.type, content)):
            yield content
    elif field.type != "size":
        yield content


def _field(number: int, field: Field, value: Any) -> bytes:
    if field.type in ("number", "flag"):
        return _tag(number, VARINT) + _varint(int(value))
    if field.type == "nanoseconds":
        return _tag(number, FIXED64) + _nanoseconds(value).to_bytes(8, "little")
    return _tag(number, LENGTH) + _sized(_content(field, value))


def _content(field: Field, value: Any) -> bytes:
    if field.type in MESSAGES:
        return encode_message(field.type, value)
    if field.type in MAPS:
        key, text = value
        return _text_field(1, key) + _text_field(2, text)
    if field.type == "time":
        seconds, nanoseconds = divmod(_nanoseconds(value), NANOSECONDS)
        return _tag(1, VARINT) + _varint(seconds) + _tag(2, VARINT) + _varint(nanoseconds)
    if field.type == "id":
        return bytes.fromhex(value)
    return str(value).encode("utf-8", "surrogatepass")


def _text_field(number: int, text: str) -> bytes:
    return _tag(number, LENGTH) + _sized(text.encode("utf-8", "surrogatepass"))


def _nanoseconds(seconds: float) -> int:
    return round(seconds * (NANOSECONDS // PRECISION)) * PRECISION


def _tag(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _sized(content: bytes) -> bytes:
    return _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """A number: seven bits a byte, the lowest first; negative ones as 64-bit two's complement."""
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
