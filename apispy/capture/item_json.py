"""Decoded items as JSON. Their values are JSON already, except bytes and objects whose names are numbers."""

import base64
import binascii
from typing import Any

from apispy.capture.validation import JsonObject, Malformed, integer, malformed, pair
from apispy.model import Item, Seen

SHAPES: dict[str, dict[str, type]] = {
    "grpc-message": {"size": int, "compressed": bool},
    "grpc": {"calls": dict, "statuses": dict},
    "h2c SETTINGS": {"ack": bool, "settings": dict},
    "h2c PING": {"ack": bool},
    "h2c WINDOW_UPDATE": {"increment": int},
    "h2c RST_STREAM": {"error": str},
    "h2c GOAWAY": {"error": str, "last": int},
    "h2c DATA": {"size": int},
}
"""What the value of an item must have, by kind, and for frames of HTTP/2 also label: outputs rely on it."""

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
    kind, label = record.text("kind"), record.text("label")
    check_shape(kind, label, value, record.place)
    return Item(kind, label, value, (span[0], span[1]), children)


def check_shape(kind: str, label: str, value: Any, place: str) -> None:
    """Raises Malformed if *value* lacks what outputs rely on in an item of this kind."""
    shape = SHAPES.get(f"{kind} {label}" if kind == "h2c" else kind, {})
    for name, expected in shape.items():
        found = value.get(name) if isinstance(value, dict) else None
        if not isinstance(found, expected):
            raise malformed(f"{place}.value.{name}", f"a value of type {expected.__name__}", found)
    for name in ("calls", "statuses") if "calls" in shape else ():
        if not all(isinstance(number, int) for number in value[name].values()):
            raise malformed(f"{place}.value.{name}", "numbers", value[name])


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
