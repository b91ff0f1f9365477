"""Helpers that several outputs use to get values out of a decoded call."""

import json
from typing import Any

from apispy import units
from apispy.decoders.json import first_json as first_json_of
from apispy.model import Direction, Item
from apispy.outputs.base import DecodedCall

ANNOTATION_KINDS = ("member", "more", "padding", "compressed", "unread", "close", "ping", "pong")
"""Kinds of items that take one line each: members of an archive, and facts about the stream itself."""


def first_json(decoded: DecodedCall, direction: Direction) -> Any:
    """Return the first JSON value decoded from a stream, or None."""
    return first_json_of(decoded.items.get(direction, ()))


def json_objects(decoded: DecodedCall) -> list[dict[str, Any]]:
    """Return all JSON objects of the response."""
    items = decoded.items.get("response", ())
    return [item.value for item in items if item.kind == "json" and isinstance(item.value, dict)]


def problems_beyond_errors(decoded: DecodedCall) -> list[str]:
    """Return the problems of a call, without those that only repeat an error.

    The error of a fault that apispy injected is "apispy: fault ...", unless the fault has a message of its own.
    """
    return [
        problem
        for problem in decoded.exchange.problems
        if not any(error.startswith("apispy: ") and error in problem for error in decoded.errors)
    ]


def item_bytes(item: Item) -> bytes:
    """Return the bytes of a text or raw item."""
    if isinstance(item.value, bytes):
        return item.value
    text = item.value if isinstance(item.value, str) else compact_json(item.value)
    return text.encode("utf-8", "surrogateescape")


def annotation(item: Item) -> str:
    """Format the line for an item of an ANNOTATION_KINDS kind, archive members as `ls -l` does; "" for no line."""
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


def compact_json(value: Any) -> str:
    """Format JSON on one line."""
    return json.dumps(value, ensure_ascii=False, default=repr)


def ascii_json(value: Any) -> str:
    """Format JSON on one line, in printable ASCII."""
    return json.dumps(value, default=repr).replace("\x7f", "\\u007f")


def bytes_sent(decoded: DecodedCall) -> int:
    """Count the bytes from client to daemon, without heads."""
    tunnel = decoded.exchange.tunnel
    return decoded.exchange.request.body.size + (tunnel.to_server.size if tunnel else 0)


def bytes_received(decoded: DecodedCall) -> int:
    """Count the bytes from daemon to client, without heads."""
    response, tunnel = decoded.exchange.response, decoded.exchange.tunnel
    return (response.body.size if response else 0) + (tunnel.to_client.size if tunnel else 0)
