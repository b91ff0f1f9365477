"""Removes secrets from JSON values."""

import json
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from apispy import json_codec
from apispy.engine.json_fields import fold
from apispy.redaction import categories, command_lines, free_text
from apispy.redaction.command_forms import COMMAND_FIELDS, LINES, PRECEDED_BY
from apispy.redaction.json_paths import Path, find, inside, place_of
from apispy.redaction.name_patterns import strong
from apispy.redaction.tokens import SecretReplacer

SECRET_NAMES = {
    "password": categories.REGISTRY,
    "auth": categories.REGISTRY,
    "identitytoken": categories.REGISTRY,
    "registrytoken": categories.REGISTRY,
    "jointoken": categories.SWARM,
    "unlockkey": "unlock keys",
    "signingcakey": categories.KEYS,
    "secretdata": "secrets",  # Podman's
    # Podman's: the command line that made a container or a pod, which repeats the values of -e
    "createcommand": categories.COMMAND,
    "containercreatecommand": categories.COMMAND,
    "podcreatecommand": categories.COMMAND,
    "pod_create_command": categories.COMMAND,
}
"""Names, in lower case, that are secret in every body, so that a gap in the table of operations cannot expose them."""

OPTIONS = ("options", "driveropts", "config", "opts", "attrs")
"""Names of maps whose keys tell which values are secret, such as a log driver's ("config"), an exporter's ("attrs")."""

ENVIRONMENTS = ("env", "environment")

LABELS = ("labels", "containerlabels", "annotations", "attributes")
"""Names of maps whose keys are the names of labels; those of an event are among its attributes."""

FOUND_BY_NAME = (categories.ENV, categories.BUILD)
"""Categories of values that ``clean`` finds by their names, so that their paths need not be followed."""

_BETWEEN = re.compile(r"[\s\x1e]*")  # what separates JSON values

_ARGUMENTS = re.compile(r"\|(\d{1,4})")  # the count before the build arguments in the command of a build step


def values_in(data: bytes) -> list[tuple[Any, int, int]]:
    """Parse one or more JSON values that follow each other: each with its start and its stop in *data*.

    Raises ValueError, RecursionError.
    """
    text = data.decode("utf-8")
    values = []
    done, size = 0, 0  # characters, and the bytes that they are
    while (start := _BETWEEN.match(text, done).end()) < len(text):  # type: ignore[union-attr]
        value, stop = json_codec.LENIENT.raw_decode(text, start)
        begins = size + len(text[done:start].encode())
        size = begins + len(text[start:stop].encode())
        values.append((value, begins, size))
        done = stop
    return values


def copied(value: Any) -> Any:
    """Copy the lists and objects of a JSON value."""
    if isinstance(value, dict):
        return {name: copied(part) for name, part in value.items()}
    return [copied(part) for part in value] if isinstance(value, list) else value


def has_path(value: Any, path: Path) -> bool:
    """Whether *path* finds anything in *value*."""
    return next(find([value], path, 0, ""), None) is not None


def at_path(replacer: SecretReplacer, holder: list[Any], path: Path, place: str, kind: str) -> None:
    """Hide everything that *path* finds in ``holder[0]``."""
    for found in find(holder, path, 0, place):
        found.put(hidden(replacer, found.value, found.place, kind))


def hidden(replacer: SecretReplacer, value: Any, place: str, kind: str) -> Any:
    """Hide *value*, keeping its structure."""
    if kind == categories.ENV:
        return environment(replacer, value, place)
    if kind == categories.URL and isinstance(value, str):
        return _proxy(replacer, value, place)
    if isinstance(value, dict | list):
        return _each(value, place, lambda _, part, below: hidden(replacer, part, below, kind))
    if value is None or isinstance(value, str):
        return value and replacer.hide(value, place, kind)
    return replacer.hide(json.dumps(value), place, kind)


def _proxy(replacer: SecretReplacer, value: str, place: str) -> str:
    """Hide user and password in the address of a proxy, with or without a scheme."""
    scheme, mark, rest = value.partition("://") if "://" in value else ("", "", value)
    user, at, host = rest.rpartition("@")
    return f"{scheme}{mark}{replacer.hide(user, place, categories.URL)}{at}{host}"


def environment(replacer: SecretReplacer, value: Any, place: str) -> Any:
    """Hide the values of an Env: a list of ``NAME=value``, of objects with Name and Value (plugins), or a map."""
    if isinstance(value, list):
        return _each(value, place, lambda _, part, below: _variable(replacer, part, below))
    if isinstance(value, dict):
        return _each(value, place, lambda name, part, below: _named(replacer, name, part, below))
    return _variable(replacer, value, place)


def _variable(replacer: SecretReplacer, value: Any, place: str) -> Any:
    if isinstance(value, str):
        return free_text.clean(replacer, free_text.pair(replacer, value, place), place)
    if isinstance(value, dict):
        name = str(next((part for key, part in value.items() if fold(key) == "name"), ""))
        return {
            key: _named(replacer, name, part, f"{place}.{key}")
            if fold(key) == "value"
            else clean(replacer, part, f"{place}.{key}")
            for key, part in value.items()
        }
    return _named(replacer, "", value, place)


def _named(replacer: SecretReplacer, name: Any, value: Any, place: str) -> Any:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value)
    shown = replacer.variable(str(name), text, place)
    return value if shown == text and not isinstance(value, str) else free_text.clean(replacer, shown, place)


def clean(
    replacer: SecretReplacer, value: Any, place: str, name: str = "", before: Sequence[str] = ()
) -> Any:
    """Redact *value*, found under *name*: everything that is secret wherever it is found.

    *before*: the words of another field that precede a command line.
    """
    if isinstance(value, str):
        return _text(replacer, value, place, name)
    if isinstance(value, bytes):
        return as_text(value, lambda text: plain_text(replacer, text, place))
    if not isinstance(value, dict | list):
        return environment(replacer, value, place) if name in ENVIRONMENTS else value
    if replacer.is_plain_part and not before and replacer.is_plain_part(replacer, name, value):
        return value
    if name in ENVIRONMENTS:
        return environment(replacer, value, place)
    if isinstance(value, list):
        return _list(replacer, value, place, name, before)
    return _object(replacer, value, place, name)


def _object(replacer: SecretReplacer, value: dict[str, Any], place: str, name: str) -> dict[str, Any]:
    shown = {
        key: _field(replacer, name, value, key, part, place_of(place, key)) for key, part in value.items()
    }
    if all(_is_plain(key) and not free_text.holds_known(replacer, key) for key in shown):
        return shown
    return {plain_text(replacer, key, f"{place} (a name)"): part for key, part in shown.items()}


def plain_text(replacer: SecretReplacer, text: str, place: str) -> str:
    """Redact text that is not known to be a command line, such as a message."""
    return free_text.clean(replacer, command_lines.text(replacer, text, place), place)


def _field(
    replacer: SecretReplacer, parent: str, holder: dict[str, Any], key: Any, value: Any, place: str
) -> Any:
    name = fold(str(key))
    if parent in OPTIONS and strong(name) and isinstance(value, str):
        return replacer.hide(value, place, categories.OPTION)
    if parent in LABELS and isinstance(value, str) and command_lines.is_secret_label(name):
        return value if command_lines.is_reference(value) else replacer.hide(value, place, categories.LABEL)
    if name in SECRET_NAMES:
        return hidden(replacer, value, place, SECRET_NAMES[name])
    if name == "value" and parent == "args":  # of a plugin's Config
        name = parent
    return clean(replacer, value, place, name, _words_before(holder, name))


def _words_before(holder: dict[str, Any], name: str) -> Sequence[str]:
    """The words of the fields of *holder* that precede the command line *name*: those of Path before Args."""
    fields = PRECEDED_BY.get(name)
    if fields is None:
        return ()
    values = [value for key, value in holder.items() if fold(key) in fields]
    return [
        word
        for value in values
        for word in (value if isinstance(value, list) else [value])
        if isinstance(word, str)
    ]


def _list(
    replacer: SecretReplacer, value: list[Any], place: str, name: str, before: Sequence[str]
) -> list[Any]:
    is_command = name in COMMAND_FIELDS and name not in LINES and all(isinstance(one, str) for one in value)
    below_name = name if name in LINES else ""
    begins = _ARGUMENTS.fullmatch(value[0]) if value and isinstance(value[0], str) else None
    first = 1 + int(begins[1]) if begins else 0  # the index of the first word, after the build arguments
    words = command_lines.words(replacer, value[first:], place, before) if is_command else []

    def part(number: Any, one: Any, below: str) -> Any:
        if 0 < number < first and isinstance(one, str):
            return free_text.pair(replacer, one, below, categories.BUILD)
        if is_command and number >= first:
            return free_text.clean(replacer, words[number - first], below)
        return clean(replacer, one, below, below_name)

    return list(_each(value, place, part))


def _text(replacer: SecretReplacer, value: str, place: str, name: str) -> str:
    if name in ENVIRONMENTS:
        return str(_variable(replacer, value, place))
    if name not in SPECIAL_FIELDS and _is_plain(value) and not free_text.holds_known(replacer, value):
        return value
    if name == "createdby" or value.startswith("|") or "#(nop)" in value:
        if free_text.INSTRUCTION.match(value):
            return instruction(replacer, value, place)
        value = free_text.build_step(replacer, value, place)
    if name in COMMAND_FIELDS or free_text.BUILD_OUTPUT.match(value):
        value = command_lines.line(replacer, value, place)
    return plain_text(replacer, value, place)


def _is_plain(value: str) -> bool:
    """Whether a text that is not a command line has no secret, apart from known ones and the user's patterns.

    Most texts in bodies are, and many come again: states, names of drivers, labels.
    """
    return (_has_no_form_cached if len(value) <= MAX_CACHED_LENGTH else _has_no_form)(value)


def _has_no_form(value: str) -> bool:
    return not (
        value.startswith("|")
        or "#(nop)" in value
        or free_text.BUILD_OUTPUT.match(value)
        or free_text.may_be_known_form(value)
        or command_lines.may_have_form(value)
    )


MAX_CACHED, MAX_CACHED_LENGTH = 8192, 100
"""The size of the cache of texts, and the characters of the longest one in it."""

_has_no_form_cached = lru_cache(MAX_CACHED)(_has_no_form)

SPECIAL_FIELDS = frozenset(("createdby", *COMMAND_FIELDS))
"""Names whose texts are searched for more than ``_is_plain`` rules out."""


def instruction(replacer: SecretReplacer, text: str, place: str) -> str:
    """Redact an instruction of a Dockerfile."""
    if free_text.INSTRUCTION.match(text):  # the policy decides about variables
        return free_text.clean(replacer, free_text.build_step(replacer, text, place), place)
    return plain_text(replacer, command_lines.line(replacer, text, place), place)


def _each(value: Any, place: str, change: Callable[[Any, Any, str], Any]) -> Any:
    """Map a dict or a list: *change* gets each key or index, the part and its place."""
    changed = [(key, change(key, value[key], below)) for key, below in inside(value, place)]
    return dict(changed) if isinstance(value, dict) else [part for _, part in changed]


def each_text(value: Any, change: Callable[[str], str]) -> Any:
    """Map every string in *value*, including names."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, bytes):
        return as_text(value, change)
    if isinstance(value, list | tuple):
        return type(value)(each_text(part, change) for part in value)
    if isinstance(value, dict):
        return {each_text(key, change): each_text(part, change) for key, part in value.items()}
    return value


def as_text(data: bytes, change: Callable[[str], str]) -> bytes:
    """Apply *change* to *data* as UTF-8; invalid bytes are kept."""
    return change(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
