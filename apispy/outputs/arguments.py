"""The few arguments of a call that matter, as name=value."""

import re
import shlex
from typing import Any

from apispy.decoders import decode_parameter
from apispy.outputs.base import Reading
from apispy.outputs.reading_values import at_path, compact, json_of

_BARE = re.compile(r"[\w@%+=:,./\[\]{}*?~^#-]+")
_SPECIAL = re.compile(r'(["\\$`])')


def arguments(reading: Reading) -> dict[str, str]:
    """Name and value of the arguments named by the operation's ``shows`` that the client gave."""
    found: dict[str, str] = {}
    body = json_of(reading, "request")
    for shown in reading.call.operation.shows:
        in_body = shown.startswith("body.")
        value = at_path(body, shown.removeprefix("body.")) if in_body else _of_query(reading, shown)
        if value not in (None, "", [], {}, False):
            found[shown.rpartition(".")[2]] = in_words(value)
    return found


def _of_query(reading: Reading, name: str) -> str:
    return ",".join(_meaning(name, value) for key, value in reading.call.query if key == name)


def _meaning(name: str, value: str) -> str:
    """What its decoder says it means; else *value* itself."""
    item = decode_parameter(name, value)
    return item.label.replace(", ", ",") if item and item.kind == "value" else value


def in_words(value: Any) -> str:
    """A JSON value as one would type it: a list of words as a command line."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return " ".join(_word(word) for word in value)
    return compact(value)


def _word(word: str) -> str:
    return word if _BARE.fullmatch(word) else shlex.quote(word)


def quoted(value: str) -> str:
    """*value* so that a shell takes it as one word; in double quotes, which are easiest to read."""
    if _BARE.fullmatch(value):
        return value
    return '"' + _SPECIAL.sub(r"\\\1", value) + '"'
