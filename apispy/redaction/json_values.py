"""Takes secrets out of JSON values."""

import json
import re
from collections.abc import Callable
from typing import Any

from apispy.redaction import categories, free_text
from apispy.redaction.json_paths import Path, find, inside
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
}
"""Names, in lower case, that are secret in every body, so that a gap in the table of operations cannot show them."""

OPTIONS = ("options", "driveropts", "config", "opts")
"""Maps of options, of log drivers ("config") and others, whose names tell what is secret."""

ENVIRONMENTS = ("env", "environment")

_BETWEEN = re.compile(r"[\s\x1e]*")  # JSON values that follow each other

_ARGUMENTS = re.compile(r"\|(\d{1,4})")  # before so many build arguments, in the command of a build step


def values_of(text: str) -> list[Any]:
    """The JSON values in *text*: one, or several one after the other. Raises ValueError, RecursionError."""
    values, decoder, at = [], json.JSONDecoder(), _BETWEEN.match(text).end()  # type: ignore[union-attr]
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
        at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]
    return values


def at_path(hider: SecretReplacer, holder: list[Any], path: Path, place: str, kind: str) -> None:
    """Hide all that *path* finds in ``holder[0]``; variables, which have names, ``clean`` finds by itself."""
    if path and kind in (categories.ENV, categories.BUILD):
        return
    for found in find(holder, path, 0, place):
        found.put(hidden(hider, found.value, found.place, kind))


def hidden(hider: SecretReplacer, value: Any, place: str, kind: str) -> Any:
    """*value* in its shape but without what it says."""
    if kind == categories.ENV:
        return environment(hider, value, place)
    if kind == categories.URL and isinstance(value, str):
        return _proxy(hider, value, place)
    if isinstance(value, dict | list):
        return _each(value, place, lambda _, part, below: hidden(hider, part, below, kind))
    if value is None or isinstance(value, str):
        return value and hider.hide(value, place, kind)
    return hider.hide(json.dumps(value), place, kind)


def _proxy(hider: SecretReplacer, value: str, place: str) -> str:
    """The address of a proxy, maybe without a scheme, without its user and password."""
    scheme, mark, rest = value.partition("://") if "://" in value else ("", "", value)
    user, at, host = rest.rpartition("@")
    return f"{scheme}{mark}{hider.hide(user, place, categories.URL)}{at}{host}"


def environment(hider: SecretReplacer, value: Any, place: str) -> Any:
    """An Env: a list of ``NAME=value``, or as plugins have it of Name and Value; or, as Podman has it, a map."""
    if isinstance(value, list):
        return _each(value, place, lambda _, part, below: _variable(hider, part, below))
    if isinstance(value, dict):
        return _each(value, place, lambda name, part, below: _named(hider, name, part, below))
    return _variable(hider, value, place)


def _variable(hider: SecretReplacer, value: Any, place: str) -> Any:
    if isinstance(value, str):
        return free_text.clean(hider, free_text.pair(hider, value, place), place)
    if isinstance(value, dict):
        name = str(next((part for key, part in value.items() if key.lower() == "name"), ""))
        return {
            key: _named(hider, name, part, f"{place}.{key}")
            if key.lower() == "value"
            else clean(hider, part, f"{place}.{key}")
            for key, part in value.items()
        }
    return _named(hider, "", value, place)


def _named(hider: SecretReplacer, name: Any, value: Any, place: str) -> Any:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value)
    shown = hider.variable(str(name), text, place)
    return value if shown == text and not isinstance(value, str) else free_text.clean(hider, shown, place)


def clean(hider: SecretReplacer, value: Any, place: str, name: str = "") -> Any:
    """*value*, which stands under *name*, without what is secret wherever it stands."""
    if isinstance(value, str):
        return _text(hider, value, place, name)
    if isinstance(value, bytes):
        return as_text(value, lambda text: free_text.clean(hider, text, place))
    if name in ENVIRONMENTS:
        return environment(hider, value, place)
    if isinstance(value, list):
        return _list(hider, value, place)
    if isinstance(value, dict):
        shown = _each(value, place, lambda key, part, below: _field(hider, name, key, part, below))
        return {free_text.clean(hider, key, f"{place} (a name)"): part for key, part in shown.items()}
    return value


def _field(hider: SecretReplacer, parent: str, key: Any, value: Any, place: str) -> Any:
    name = str(key).lower()
    if parent in OPTIONS and strong(name) and isinstance(value, str):
        return hider.hide(value, place, categories.OPTION)
    if name in SECRET_NAMES:
        return hidden(hider, value, place, SECRET_NAMES[name])
    return clean(hider, value, place, name)


def _list(hider: SecretReplacer, value: list[Any], place: str) -> list[Any]:
    begins = _ARGUMENTS.fullmatch(value[0]) if value and isinstance(value[0], str) else None
    arguments = range(1, 1 + int(begins[1]) if begins else 1)

    def part(number: Any, one: Any, below: str) -> Any:
        if number in arguments and isinstance(one, str):
            return free_text.pair(hider, one, below, categories.BUILD)
        return clean(hider, one, below)

    return list(_each(value, place, part))


def _text(hider: SecretReplacer, value: str, place: str, name: str) -> str:
    if name in ENVIRONMENTS:
        return str(_variable(hider, value, place))
    if name == "createdby" or value.startswith("|") or "#(nop)" in value:
        value = free_text.build_step(hider, value, place)
    return free_text.clean(hider, value, place)


def _each(value: Any, place: str, change: Callable[[Any, Any, str], Any]) -> Any:
    """A dict or a list like *value*, of what *change* makes of each name or number, part and place."""
    changed = [(key, change(key, value[key], below)) for key, below in inside(value, place)]
    return dict(changed) if isinstance(value, dict) else [part for _, part in changed]


def each_text(value: Any, change: Callable[[str], str]) -> Any:
    """*value* with every text in it, names too, changed."""
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
    """What *change* makes of *data*, taken as UTF-8; what is none is kept."""
    return change(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
