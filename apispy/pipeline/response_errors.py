"""Finds the daemon's error messages, wherever in a response they are."""

from collections.abc import Iterable
from typing import Any

from apispy.model import Direction, Exchange, Item

RESPONSE_STREAMS: tuple[Direction, ...] = ("response", "to_client")


def error_in(item: Item) -> str:
    """The error message in one item of a successful response; "" if there is none.

    Progress streams end in ``{"errorDetail": {"message"}, "error"}`` after a 200; ``wait`` has
    ``{"Error": {"Message"}}``.
    """
    if item.kind != "json" or not isinstance(item.value, dict):
        return ""
    for key, name in (("errorDetail", "message"), ("Error", "Message")):
        detail = item.value.get(key)
        if isinstance(detail, dict) and detail.get(name):
            return str(detail[name])
    error = item.value.get("error")
    return error if isinstance(error, str) else ""


def message_of(items: Iterable[Item]) -> str:
    """The message in the body of an error response: JSON since API 1.24, plain text before."""
    text = ""
    for item in items:
        if item.kind == "json" and isinstance(item.value, dict):
            return str(item.value.get("message") or error_in(item))
        if item.kind in ("text", "raw", "stdout"):
            text += _text(item.value)
    return text.strip()


def errors_of(exchange: Exchange, items: Iterable[Item]) -> tuple[str, ...]:
    """The daemon's error messages in one response, followed by the decoders' problems.

    *items* are the items of the response. Problems of a call that was cut are left out: the cut itself is reported.
    """
    items = tuple(items)
    status = exchange.response.status if exchange.response else 0
    found = [message_of(items)] if status >= 400 else [error_in(item) for item in items]
    found += [_text(item.value).strip() for item in items if item.kind == "systemerr"]
    if exchange.end == "complete":
        found += [_text(item.value) for item in items if item.kind == "problem"]
    return tuple(dict.fromkeys(text for text in found if text))


def _text(value: Any) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
