"""Protobuf messages for tests, by field numbers, so that tests state the numbers that the tables claim."""

from typing import Any


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = b""
    while value >= 0x80:
        found += bytes([value & 0x7F | 0x80])
        value >>= 7
    return found + bytes([value])


def pb(fields: dict[int, Any]) -> bytes:
    """Return a message: numbers and booleans as varints, text, bytes, messages (dict), and lists of these."""
    return b"".join(_field(number, value) for number, value in fields.items())


def mapped(entries: dict[str, str]) -> list[dict[int, str]]:
    """The entries of a map field."""
    return [{1: key, 2: value} for key, value in entries.items()]


def timestamp(seconds: int, nanos: int = 0) -> dict[int, int]:
    return {1: seconds, 2: nanos}


def _field(number: int, value: Any) -> bytes:
    if isinstance(value, list):
        return b"".join(_field(number, one) for one in value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):  # a fixed64, as OpenTelemetry's times in nanoseconds
        return varint(number << 3 | 1) + int(value).to_bytes(8, "little")
    content = pb(value) if isinstance(value, dict) else value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content
