"""Fields of JSON objects by name, as Go's encoding/json finds them: regardless of case.

Go folds more than ASCII: the long s (U+017F) equals s, and the sign of Kelvin (U+212A) equals k. No other character
equals one of ASCII. Source: ``foldName`` in encoding/json.
"""

from typing import Any

_LONG_S, _KELVIN = "\u017f".encode(), "\u212a".encode()


def fold(name: str) -> str:
    """Return *name* in the form that all names have which Go takes for the same field."""
    return name.lower() if name.isascii() else name.casefold()


def fold_bytes(text: bytes) -> bytes:
    """Return *text*, JSON in UTF-8, with the names in it in lower case, as ``fold`` has them if they are ASCII."""
    lower = text.lower()
    return lower if lower.isascii() else lower.replace(_LONG_S, b"s").replace(_KELVIN, b"k")


def as_list(value: Any) -> list[Any]:
    """Return a list as it is, and [] for anything else."""
    return value if isinstance(value, list) else []


def as_dict(value: Any) -> dict[Any, Any]:
    """Return an object as it is, and {} for anything else."""
    return value if isinstance(value, dict) else {}


def field_value(value: Any, name: str) -> Any:
    """Return the value of a field of an object, or None. A name in the same case comes first, then any other."""
    if not isinstance(value, dict):
        return None
    if name in value:
        return value[name]
    folded = fold(name)
    return next((part for key, part in value.items() if fold(key) == folded), None)


def value_at(value: Any, path: str) -> Any:
    """Return the value at a dotted path such as "HostConfig.Binds", or None."""
    for name in path.split("."):
        value = field_value(value, name)
    return value
