"""The important arguments of a call, as name=value."""

import re
import shlex
from typing import Any

from apispy.decoders import decode_parameter
from apispy.engine.json_fields import value_at
from apispy.outputs.base import DecodedCall
from apispy.outputs.decoded_values import compact_json, first_json

_BARE = re.compile(r"[\w@%+=:,./\[\]{}*?~^#-]+")
COMPOSE_LABEL = "label=com.docker.compose."
"""The beginning of a filter for a label of Compose; "compose." stands for it, because Compose sends several each time.

-v shows the whole query.
"""

_SPECIAL = re.compile(r'(["\\$`])')


def arguments(decoded: DecodedCall) -> dict[str, str]:
    """Return the arguments listed in the operation's ``shows`` that the client sent, by name."""
    found: dict[str, str] = {}
    body = first_json(decoded, "request")
    for shown in decoded.call.operation.shows:
        in_body = shown.startswith("body.")
        value = value_at(body, shown.removeprefix("body.")) if in_body else _query_value(decoded, shown)
        if value not in (None, "", [], {}, False):
            found[shown.rpartition(".")[2]] = as_typed(value)
    return found


def _query_value(decoded: DecodedCall, name: str) -> str:
    return ",".join(_decoded_value(name, value) for key, value in decoded.call.parameters if key == name)


def _decoded_value(name: str, value: str) -> str:
    """Return the decoded value if a decoder knows the parameter; otherwise *value* itself.

    A value that its decoder cannot read is marked: ``filters=status=running`` stands for the JSON that means this.
    """
    item = decode_parameter(name, value)
    if item is None:
        return value
    if item.kind != "value":
        return f"{value} (not readable)"
    return item.label.replace(", ", ",").replace(COMPOSE_LABEL, "compose.")


def as_typed(value: Any) -> str:
    """Format a JSON value the way a user would type it: a list of words as a command line."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return " ".join(_word(word) for word in value)
    return compact_json(value)


def _word(word: str) -> str:
    return word if _BARE.fullmatch(word) else shlex.quote(word)


def shell_quoted(value: str) -> str:
    """Quote *value* as one shell word, in double quotes, which are the easiest to read."""
    if _BARE.fullmatch(value):
        return value
    return '"' + _SPECIAL.sub(r"\\\1", value) + '"'
