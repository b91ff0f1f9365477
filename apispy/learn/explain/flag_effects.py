"""What a flag of a docker command changes in the calls, as recorded with it and without (data/flag_effects.json).

tests/e2e/flag_recorder.py writes the file: it records each example of a flag and the same command without it, and
keeps the differences, and how the value that was sent follows from the one that was typed. Nothing in it is typed by
hand.
"""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from apispy.learn.explain import flag_values as to
from apispy.learn.explain.docker_cli import Flag, parse
from apispy.structs import Struct

EFFECTS = Path(__file__).parent / "data/flag_effects.json"

HUB = "docker.io/library/"


def _reference(text: str) -> str:
    """Complete an image's name as the CLI does, with its registry and tag."""
    if "/" in text or "@" in text:
        raise ValueError("only names of one part are completed here")
    return f"{HUB}{text}" if ":" in text else f"{HUB}{text}:latest"


def _with_tag(text: str) -> str:
    if "@" in text:
        raise ValueError("only names without a digest are completed here")
    return text if ":" in text.rpartition("/")[2] else f"{text}:latest"


def _after_equals(text: str) -> str:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{name} has no value: the client takes that of its own environment")
    return value


def _of_one(convert: to.Convert) -> Callable[[str], Any]:
    return lambda text: convert([text])


CONVERSIONS: dict[str, Callable[[str], Any]] = {
    "text": str,
    "after equals": _after_equals,
    "before equals": lambda text: text.partition("=")[0],
    "integer after equals": lambda text: int(_after_equals(text)),
    "true": _of_one(to.true),
    "false": _of_one(to.false),
    "moment": _of_one(to.moment),
    "platform": lambda text: json.dumps(to.platform([text]), separators=(",", ":")),
    "with a tag": _with_tag,
    "file name": lambda text: text.rpartition("/")[2],
    "colon as equals": lambda text: text.replace(":", "=", 1),
    "equals twice": lambda text: text.replace("=", "==", 1),
    "1": lambda text: "1" if to.true([text]) else "0",
    "integer": int,
    "float": float,
    "cpus": _of_one(to.cpus),
    "duration": _of_one(to.duration),
    "size": _of_one(to.size),
    "size as text": lambda text: str(to.size([text])),
    "reference": _reference,
    "capability": lambda text: to.capabilities([text])[0],
}
"""How the value that is sent follows from the text that is typed. "field NAME" is that of ``NAME=value,...``."""

FIXED = ("true", "false", "1")
"""Conversions of flags without a value."""

KINDS = {"added": "adds", "gone": "without", "more": "more calls of", "fewer": "fewer calls of"}
"""How a flag can change the calls of a command, and its text."""


class Change(Struct, frozen=True):
    """A query parameter, header, or field of a body or gRPC message that a flag sets, or with *to* "" changes."""

    call: str  # operation ID, or "Service/Method" of a gRPC call
    place: str  # "query", "header", "body", "message"
    name: (
        str  # "{name}" in it is what precedes the "=" that was typed; "[]" stands for each element of a list
    )
    to: str  # a name of CONVERSIONS; "" if none of them leads from what was typed to what was sent
    sent: Any  # the value in the recording; None for one that is not sent any more


class Effect(Struct, frozen=True):
    """What one example of a flag changed."""

    example: tuple[Flag, ...]
    changes: tuple[Change, ...]
    calls: tuple[
        tuple[str, tuple[str, ...]], ...
    ]  # a name of KINDS, and operation IDs or names of gRPC methods
    when: str  # the condition under which it does; "" for always
    failed: bool  # whether the command failed with it, without a call that tells what the flag does

    @property
    def nothing(self) -> bool:
        return not (self.changes or self.calls or self.failed)

    @property
    def texts(self) -> list[str]:
        return [flag.text for flag in self.example]


@cache
def _entries() -> dict[tuple[str, str], list[dict[str, Any]]]:
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for entry in json.loads(EFFECTS.read_bytes()):
        found.setdefault((entry["command"], entry["flag"]), []).append(entry)
    return found


SAME_BODY = {"docker container run": "docker container create"}
"""Commands whose flags were recorded with another one that sends the same body."""


def effects(command: str, flag: str) -> tuple[Effect, ...]:
    """Return the recorded examples of a flag of a command, by its canonical name; () if there are none."""
    entries = _entries()
    found = entries.get((command, flag), []) or entries.get((SAME_BODY.get(command, ""), flag), [])
    return tuple(_effect(entry, flag) for entry in found)


def _effect(entry: dict[str, Any], flag: str) -> Effect:
    line = parse(to.shell_words(entry["line"]))
    return Effect(
        tuple(one for one in line.flags if one.name == flag),
        tuple(Change(*change) for change in entry.get("changes", ())),
        tuple((kind, tuple(entry[kind])) for kind in KINDS if kind in entry),
        entry.get("when", ""),
        entry.get("failed", False),
    )


def converted(change: Change, text: str) -> tuple[str, Any]:
    """Return the name and the value for a typed *text*. Raises ValueError or KeyError for one that does not fit."""
    name = change.name.replace("{name}", text.partition("=")[0])
    if change.to.startswith("field "):
        return name, to.pairs(text.split(","))[change.to.removeprefix("field ")]
    return name, CONVERSIONS[change.to](text)


def form(text: str) -> tuple[bool, bool]:
    """Return the form of a value: name=value or not, of one part or several."""
    return "=" in text, "," in text


def common(found: tuple[Effect, ...]) -> tuple[Change, ...]:
    """Return the changes that every example makes, with the value that was typed: any value makes them."""
    if not found:
        return ()
    kinds = [{(one.call, one.place, one.name, one.to) for one in effect.changes} for effect in found]
    return tuple(
        one for one in found[0].changes
        if one.to not in ("", *FIXED) and all((one.call, one.place, one.name, one.to) in kind for kind in kinds)
    )  # fmt: skip
