"""What decoders read, as JSON. Their values are JSON but for bytes, and for objects whose names are numbers."""

import base64
import binascii
from typing import Any

from apispy.capture.validation import JsonObject, Malformed, malformed, pair, whole
from apispy.model import Item, Seen

BYTES, PAIRS = "$bytes", "$pairs"
"""The only name of an object that stands for bytes, in base64; and of one that stands for [[name, value], ...]."""


def seen_json(seen: Seen) -> dict[str, Any]:
    return {"at": seen.at} | _item_json(seen.item)


def seen_of(value: Any, place: str) -> Seen:
    """Raises Malformed."""
    record = JsonObject(value, place)
    return Seen(record.seconds("at"), _item_of(record))


def _item_json(item: Item) -> dict[str, Any]:
    found = {"kind": item.kind, "label": item.label, "span": list(item.span), "value": _plain(item.value)}
    return found | ({"children": [_item_json(child) for child in item.children]} if item.children else {})


def _item_of(record: JsonObject) -> Item:
    span = [whole(one, place) for one, place in record.items("span")]
    if len(span) != 2:
        raise malformed(f"{record.place}.span", "[start, stop]", span)
    children = tuple(_item_of(JsonObject(child, place)) for child, place in record.items("children"))
    value = value_of(record.any("value"), f"{record.place}.value")
    return Item(record.text("kind"), record.text("label"), value, (span[0], span[1]), children)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {BYTES: base64.b64encode(value).decode("ascii")}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    if all(isinstance(name, str) and not name.startswith("$") for name in value):
        return {name: _plain(one) for name, one in value.items()}
    return {PAIRS: [[name, _plain(one)] for name, one in value.items()]}


def value_of(value: Any, place: str) -> Any:
    """What the JSON *value* stands for. Raises Malformed, or RecursionError."""
    if isinstance(value, list):
        return [value_of(one, place) for one in value]
    if not isinstance(value, dict):
        return value
    if list(value) == [BYTES]:
        return _bytes(value[BYTES], place)
    if list(value) == [PAIRS]:
        return _pairs(value[PAIRS], place)
    return {name: value_of(one, place) for name, one in value.items()}


def _bytes(value: Any, place: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise malformed(place, "base64", value) from None


def _pairs(value: Any, place: str) -> dict[Any, Any]:
    if not isinstance(value, list):
        raise malformed(place, "a list of pairs", value)
    try:
        return {name: value_of(one, place) for name, one in (pair(entry, place) for entry in value)}
    except TypeError:
        raise Malformed(f"{place}: expected names that are strings or numbers") from None
