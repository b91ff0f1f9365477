"""Small questions to a reading that several outputs ask."""

import json
from typing import Any

from apispy.model import Direction, Item
from apispy.outputs import units
from apispy.outputs.base import Reading

ARCHIVE = ("member", "more", "padding")
"""The kinds of items that list a tar archive."""


def json_of(reading: Reading, direction: Direction) -> Any:
    """The first JSON value that was read in a stream, or None."""
    return next((item.value for item in reading.items.get(direction, ()) if item.kind == "json"), None)


def json_lines_of(reading: Reading) -> list[dict[str, Any]]:
    """All JSON objects of the answer."""
    items = reading.items.get("response", ())
    return [item.value for item in items if item.kind == "json" and isinstance(item.value, dict)]


def at_path(value: Any, path: str) -> Any:
    """What stands at "HostConfig.Binds" in *value*, or None."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def bytes_of(item: Item) -> bytes:
    """What an item of text or raw bytes holds."""
    if isinstance(item.value, bytes):
        return item.value
    text = item.value if isinstance(item.value, str) else compact(item.value)
    return text.encode("utf-8", "surrogateescape")


def member(item: Item) -> str:
    """One line on an item of an archive's listing; "" for what is not worth one."""
    value = item.value
    if item.kind == "more":
        return f"and {value} more"
    if not isinstance(value, dict):
        return ""
    link = f" -> {value['link']}" if value.get("link") else ""
    length = units.size(value["size"]) if value.get("size") else ""
    return f"{item.label}{link} ({', '.join(part for part in (str(value.get('type', '')), length) if part)})"


def compact(value: Any) -> str:
    """JSON on one line."""
    return json.dumps(value, ensure_ascii=False, default=repr)


def sent(reading: Reading) -> int:
    """Bytes from client to daemon, heads not counted."""
    return sum(body.size for way, body in reading.exchange.streams.items() if way in ("request", "to_server"))


def received(reading: Reading) -> int:
    """Bytes from daemon to client, heads not counted."""
    return sum(
        body.size for way, body in reading.exchange.streams.items() if way in ("response", "to_client")
    )
