"""Fields of JSON objects by name, as Go's encoding/json finds them: regardless of case."""

from typing import Any


def field_value(value: Any, name: str) -> Any:
    """Return the value of a field of an object, or None. A name in the same case comes first, then any other."""
    if not isinstance(value, dict):
        return None
    if name in value:
        return value[name]
    folded = name.casefold()  # Go folds more than ASCII: the long s, the sign of Kelvin
    return next((part for key, part in value.items() if key.casefold() == folded), None)


def value_at(value: Any, path: str) -> Any:
    """Return the value at a dotted path such as "HostConfig.Binds", or None."""
    for name in path.split("."):
        value = field_value(value, name)
    return value
