"""Decoded items as JSON. Their values are JSON already, except bytes and objects whose names are numbers."""

import base64
import binascii
from typing import Any

from apispy.capture.validation import JsonObject, Malformed, integer, malformed, pair
from apispy.model import Item, Seen

BYTES, PAIRS = "$bytes", "$pairs"
"""{"$bytes": base64} stands for bytes, {"$pairs": [[name, value], ...]} for an object."""


def encode_seen(seen: Seen) -> dict[str, Any]:
    return {"at": seen.at} | _encode_item(seen.item)


def decode_seen(value: Any, place: str) -> Seen:
    """Raises Malformed."""
    record = JsonObject(value, place)
    return Seen(record.seconds("at"), _decode_item(record))


def _encode_item(item: Item) -> dict[str, Any]:
    found = {
        "kind": item.kind,
        "label": item.label,
        "span": list(item.span),
        "value": _encode_value(item.value),
    }
    return found | ({"children": [_encode_item(child) for child in item.children]} if item.children else {})


def _decode_item(record: JsonObject) -> Item:
    span = [integer(one, place) for one, place in record.items("span")]
    if len(span) != 2:
        raise malformed(f"{record.place}.span", "[start, stop]", span)
    children = tuple(_decode_item(JsonObject(child, place)) for child, place in record.items("children"))
    value = decode_value(record.required("value"), f"{record.place}.value")
    return Item(record.text("kind"), record.text("label"), value, (span[0], span[1]), children)


def _encode_value(value: Any) -> Any:
    if isinstance(value, bytes):
        return {BYTES: base64.b64encode(value).decode("ascii")}
    if isinstance(value, list | tuple):
        return [_encode_value(one) for one in value]
    if not isinstance(value, dict):
        return value
    if all(isinstance(name, str) and not name.startswith("$") for name in value):
        return {name: _encode_value(one) for name, one in value.items()}
    return {PAIRS: [[name, _encode_value(one)] for name, one in value.items()]}


def decode_value(value: Any, place: str) -> Any:
    """Return the item value that the JSON *value* stands for. Raises Malformed or RecursionError."""
    if isinstance(value, list):
        return [decode_value(one, place) for one in value]
    if not isinstance(value, dict):
        return value
    if list(value) == [BYTES]:
        return _decode_bytes(value[BYTES], place)
    if list(value) == [PAIRS]:
        return _decode_pairs(value[PAIRS], place)
    return {name: decode_value(one, place) for name, one in value.items()}


def _decode_bytes(value: Any, place: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise malformed(place, "base64", value) from None


def _decode_pairs(value: Any, place: str) -> dict[Any, Any]:
    if not isinstance(value, list):
        raise malformed(place, "a list of pairs", value)
    try:
        return {name: decode_value(one, place) for name, one in (pair(entry, place) for entry in value)}
    except TypeError:
        raise Malformed(f"{place}: expected names that are strings or numbers") from None
