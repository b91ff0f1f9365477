"""Protobuf messages as JSON objects, by the tables of ``grpc_schema``; with all values, before redaction.

A message that is not protobuf is not read at all: part of it may be anything.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from apispy.decoders.build_answer import CONTENT, MESSAGE, read_entry
from apispy.decoders.grpc_schema import MAPS, MESSAGES, Field, fields_by_name, fields_of, message_of
from apispy.decoders.protobuf import (
    LENGTH,
    VARINT,
    ProtobufError,
    signed,
    wire_fields,
    written_bytes,
    written_varint,
)
from apispy.decoders.trace_context import SPAN_SIZE, TRACE_SIZE
from apispy.model import Item

MAX_DEPTH = 8
"""Levels of messages in messages that are read; the deepest of the tables is 5."""

MAX_LISTED = 1000
"""Values of a list that are given; ``more`` has the number of further ones, by the field's name."""

MAX_TEXT_SIZE = 16 << 10
"""Bytes of one text that are given, so that an item stays small. "..." marks that more followed."""

MAX_UNKNOWN = 50
"""Numbers of fields that are not in the tables that one message lists."""

_ID = re.compile(rf"(?:[0-9a-f]{{{2 * TRACE_SIZE}}}|[0-9a-f]{{{2 * SPAN_SIZE}}})?")

CARRIERS = ("h2c", "grpc-message")
"""Kinds of items that have messages as children: frames of HTTP/2 in a tunnel, and messages of calls of their own."""

UNKNOWN, MORE = "unknown", "more"
"""Names that no field has: the sizes of fields that are not in the tables by number; what a list left out."""


def decode_message(name: str, data: bytes, depth: int = MAX_DEPTH) -> dict[str, Any]:
    """Decode a message of the table. Raises ProtobufError.

    Fields that are absent, which have the default value in protobuf, are absent in the result too.
    """
    if not depth:
        raise ProtobufError("messages are nested too deep")
    table = fields_of(name)
    value: dict[str, Any] = {}
    unknown: dict[str, int] = {}
    more: dict[str, int] = {}
    for number, kind, content in wire_fields(data):
        field = table.get(number)
        if field is None:
            size = len(content) if isinstance(content, bytes) else 0
            if str(number) in unknown or len(unknown) < MAX_UNKNOWN:
                unknown[str(number)] = unknown.get(str(number), 0) + size
            continue
        _put(value, more, field, _read(field, kind, content, depth))
    return value | ({UNKNOWN: unknown} if unknown else {}) | ({MORE: more} if more else {})


def encode_message(name: str, value: dict[str, Any]) -> bytes:
    """Encode a message of the table: what ``decode_message`` gives, without what it only counts."""
    data = b""
    for number, field in fields_of(name).items():
        found = value.get(field.name, [])
        for one in found if field.repeated else [found] if field.name in value else []:
            data += _written(number, field, one)
    return data


def _written(number: int, field: Field, value: Any) -> bytes:
    if field.type in MESSAGES:
        return written_bytes(number, encode_message(field.type, value))
    if field.type in ("number", "flag"):
        return written_varint(number, int(value))
    if field.type == "time":
        seconds, micros = divmod(round(value * 1e6), 1_000_000)
        return written_bytes(number, written_varint(1, seconds) + written_varint(2, micros * 1000))
    if field.type == "id":
        return written_bytes(number, bytes.fromhex(value))
    if field.type in TEXTS:
        return written_bytes(number, value.encode("utf-8", "backslashreplace"))
    return b""  # sizes, and types that are in no message that is encoded


def is_complete(name: str, value: dict[str, Any]) -> bool:
    """Whether a decoded message has everything that was in its bytes: nothing is only counted, no text is cut."""
    table = fields_by_name(name)
    for key, found in value.items():
        field = table.get(key)
        if field is None or field.type == "size":
            return False
        for one in found if field.repeated else [found]:
            if field.type in MESSAGES and not is_complete(field.type, one):
                return False
            if isinstance(one, str) and len(one) > MAX_TEXT_SIZE:
                return False
    return True


def _put(value: dict[str, Any], more: dict[str, int], field: Field, read: Any) -> None:
    if field.type in MAPS:
        entries = value.setdefault(field.name, {})
        if len(entries) < MAX_LISTED:
            entries |= read
        else:
            more[field.name] = more.get(field.name, 0) + 1
    elif field.type == "size":
        value[field.name] = value.get(field.name, 0) + read
    elif not field.repeated:
        value[field.name] = read
    elif len(listed := value.setdefault(field.name, [])) < MAX_LISTED:
        listed.append(read)
    else:
        more[field.name] = more.get(field.name, 0) + 1


def _read(field: Field, kind: int, content: int | bytes, depth: int) -> Any:
    """Read one value. Raises ProtobufError if the wire type does not fit the field's."""
    if isinstance(content, int):
        if field.type == "nanoseconds":
            return round(content / 1e9, 6)
        if kind != VARINT or field.type not in ("number", "flag"):
            raise ProtobufError("a number where the table has none")
        return bool(content) if field.type == "flag" else signed(content)
    if kind != LENGTH or field.type in ("number", "flag", "nanoseconds"):
        raise ProtobufError("bytes where the table has none")
    if field.type in MESSAGES:
        return decode_message(field.type, content, depth - 1)
    return _BY_TYPE[field.type](content)


def _text(content: bytes) -> str:
    text = content[:MAX_TEXT_SIZE].decode("utf-8", "backslashreplace")
    return text if len(content) <= MAX_TEXT_SIZE else f"{text}..."


def _time(content: bytes) -> float:
    """A Timestamp: 1 seconds, 2 nanoseconds. Returns Unix seconds."""
    parts = {number: value for number, _, value in wire_fields(content) if isinstance(value, int)}
    return round(signed(parts.get(1, 0)) + signed(parts.get(2, 0)) / 1e9, 6)


def _id(content: bytes) -> str:
    return content.hex() if len(content) in (TRACE_SIZE, SPAN_SIZE) else ""


def _entry(content: bytes) -> dict[str, str]:
    """An entry of a map: 1 key, 2 value."""
    parts = {number: value for number, _, value in wire_fields(content) if isinstance(value, bytes)}
    return {_text(parts.get(1, b"")): _text(parts.get(2, b""))}


def _answer(content: bytes) -> dict[str, Any]:
    """An entry of an answer: 1 key, 2 value."""
    parts = {number: value for number, _, value in wire_fields(content) if isinstance(value, bytes)}
    return read_entry(_text(parts.get(1, b"")), parts.get(2, b""))


def messages_of(item: Item) -> Iterator[dict[str, Any]]:
    """Yield the values of the messages among an item's children.

    Children that the decoder does not make, as an edited capture may have them, are left out.
    """
    for child in item.children:
        if child.kind == "message" and _is_message(child.value):
            yield child.value


def message_item(value: dict[str, Any], span: tuple[int, int]) -> Item:
    """Make the item of a message. *value*: {"stream", "method", "part", "message"}."""
    return Item("message", label_of(value), value, span)


def label_of(message: dict[str, Any]) -> str:
    """Name a message: "Control/Status response"."""
    return f"{message['method'].rpartition('.')[2]} {message['part']}"


def _is_message(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("stream"), int):
        return False
    method, part, message = value.get("method"), value.get("part"), value.get("message")
    if not isinstance(method, str) or part not in ("request", "response") or not isinstance(message, dict):
        return False
    name = message_of(method, request=part == "request")
    return _fits(name, message, MAX_DEPTH) if name else not message


def _fits(name: str, message: dict[str, Any], depth: int) -> bool:
    """Whether each value has the type of its field."""
    table = fields_by_name(name)
    for key, value in message.items():
        if key in (UNKNOWN, MORE):
            if not isinstance(value, dict) or not all(isinstance(one, int) for one in value.values()):
                return False
        elif (field := table.get(key)) is None:
            return False
        elif field.type in MESSAGES and type(value) is int:  # its size, in captures of earlier versions
            continue
        elif field.repeated:
            if not isinstance(value, list) or not all(_has_type(field, one, depth) for one in value):
                return False
        elif not _has_type(field, value, depth):
            return False
    return True


def _has_type(field: Field, value: Any, depth: int) -> bool:
    if field.type in MESSAGES:
        return isinstance(value, dict) and depth > 0 and _fits(field.type, value, depth - 1)
    if field.type == "answer":
        return isinstance(value, dict) and all(_fits_answer(key, one, depth) for key, one in value.items())
    if field.type in MAPS:
        return isinstance(value, dict) and all(
            isinstance(text, str) for pair in value.items() for text in pair
        )
    if field.type == "id":
        return isinstance(value, str) and is_id(value)
    return isinstance(value, str if field.type in TEXTS else int | float)


def is_id(text: str) -> bool:
    """Whether the value of a field of the type ``id`` is one."""
    return _ID.fullmatch(text) is not None


def _fits_answer(key: Any, value: Any, depth: int) -> bool:
    if isinstance(value, dict):
        return key == CONTENT and depth > 0 and _fits(MESSAGE, value, depth - 1)
    return isinstance(key, str) and isinstance(value, str | int)


TEXTS = ("text", "step", "output", "secret", "variable")
"""Types whose values are text. Those of the types that are neither messages nor maps are numbers."""

_BY_TYPE: dict[str, Callable[[bytes], Any]] = {
    "text": _text,
    "step": _text,
    "output": _text,
    "id": _id,
    "secret": lambda content: content.decode("utf-8", "backslashreplace"),
    "time": _time,
    "variable": _text,
    "size": len,
    **dict.fromkeys(MAPS, _entry),
    "answer": _answer,
}
"""By type: the function that reads a value with a length. A secret is not cut: redaction has to know all of it."""
