"""Small questions to a reading that several outputs ask."""

import json
from typing import Any

from apispy.model import Direction, Item
from apispy.outputs import units
from apispy.outputs.base import Reading

REMARKS = ("member", "more", "padding", "compressed", "unread", "close", "ping", "pong")
"""The kinds of items that are told in one line each: the listing of an archive, what is said of a stream itself."""


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


def remark(item: Item) -> str:
    """The line on an item of one of the kinds REMARKS; a member of an archive as `ls -l` has it; "" for no line."""
    value = item.value
    match item.kind:
        case "padding":
            return ""
        case "more":
            return f"and {value} more"
        case "compressed":
            return f"(compressed with {value})"
        case "unread":
            return f"({item.label}, not read)"
        case "member":
            link = f" -> {value['link']}" if value["link"] else ""
            return f"{value['permissions']} {units.size(value['size']):>8} {item.label}{link}"
    return f"({item.label})"


def compact(value: Any) -> str:
    """JSON on one line."""
    return json.dumps(value, ensure_ascii=False, default=repr)


def ascii_json(value: Any) -> str:
    """JSON on one line, in printable ASCII."""
    return json.dumps(value, default=repr).replace("\x7f", "\\u007f")


def sent(reading: Reading) -> int:
    """Bytes from client to daemon, heads not counted."""
    tunnel = reading.exchange.tunnel
    return reading.exchange.request.body.size + (tunnel.to_server.size if tunnel else 0)


def received(reading: Reading) -> int:
    """Bytes from daemon to client, heads not counted."""
    response, tunnel = reading.exchange.response, reading.exchange.tunnel
    return (response.body.size if response else 0) + (tunnel.to_client.size if tunnel else 0)
