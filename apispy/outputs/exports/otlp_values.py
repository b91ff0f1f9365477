"""Attributes as OTLP has them, in the form of its JSON."""

from typing import Any

Attributes = dict[str, Any]
"""Values by name: str, bool, int, float, or a list of str. None, "" and empty lists are left out."""


def key_values(attributes: Attributes) -> list[dict[str, Any]]:
    """Return attributes as a list of KeyValue."""
    return [
        {"key": key, "value": _value(value)}
        for key, value in attributes.items()
        if value not in (None, "", [])
    ]


def utf8(text: str) -> str:
    """Return *text* without what UTF-8 has not: bytes of the wire that are not text."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _value(value: Any) -> dict[str, Any]:
    match value:
        case list():
            return {"arrayValue": {"values": [_value(one) for one in value]}}
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
    return {"stringValue": utf8(str(value))}
