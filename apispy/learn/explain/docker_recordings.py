"""What docker commands send, as recorded with docker 28.5, Compose 2.40 and buildx 0.29 (data/recorded.json).

tests/e2e/test_explain_modern.py records the commands again and compares.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from apispy.learn.explain.docker_cli import CommandLine, parse
from apispy.structs import Struct

RECORDED = Path(__file__).parent / "data/recorded.json"

MATCH, MISSING, SHAPE = 10, -5, 3
"""Points of a recording: for a flag that was typed too, for one that was not, for arguments of the same form."""


class RecordedCall(Struct, frozen=True):
    """An operation that a command called. Words in capitals are placeholders; "ID" is one that the daemon gave."""

    operation: str  # ID, or "METHOD /path" of a call outside of the catalogue
    arguments: dict[str, str]
    query: dict[str, str]
    repeated: bool  # whether it was called more than once


class Recording(Struct, frozen=True):
    """A command line and its calls: each operation once, in the order of the first calls."""

    line: CommandLine
    calls: tuple[RecordedCall, ...]
    when: str  # the condition under which a command makes these calls; "" for always
    ping: bool  # whether HEAD /_ping comes before
    together: bool  # whether the order varies


@cache
def _entries() -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(RECORDED.read_bytes())
    return entries


def recorded_commands() -> frozenset[str]:
    """Return the canonical names of the commands that are recorded."""
    return frozenset(entry["command"] for entry in _entries())


@cache
def recordings(command: str) -> tuple[Recording, ...]:
    """Return the recordings of a command by its canonical name; () if there are none."""
    return tuple(_recording(entry) for entry in _entries() if entry["command"] == command)


def _recording(entry: dict[str, Any]) -> Recording:
    calls = tuple(RecordedCall(*call) for call in entry["calls"])
    line = parse(entry["line"].split())
    return Recording(
        line, calls, entry.get("when", ""), entry.get("ping", False), entry.get("together", False)
    )


def best(line: CommandLine) -> tuple[Recording | None, tuple[Recording, ...]]:
    """Return the recording that is most like *line*, and those of calls made under a condition."""
    all_of_it = recordings(line.name)
    always = [one for one in all_of_it if not one.when]
    if not always:
        return None, ()
    main = max(always, key=lambda one: _likeness(one.line, line))  # the first of equals
    exact = any(flag.text != "true" and _has(line, flag.name, flag.text) for flag in main.line.flags)
    return main, () if exact else tuple(one for one in all_of_it if one.when)


def _likeness(recorded: CommandLine, typed: CommandLine) -> int:
    points = sum(MATCH if _has(typed, flag.name, flag.text) else MISSING for flag in recorded.flags)
    if bool(recorded.arguments) == bool(typed.arguments):
        points += SHAPE
    return points + SHAPE * sum(
        (":" in one) == (":" in other)
        for one, other in zip(recorded.arguments, typed.arguments, strict=False)
    )


def _has(line: CommandLine, name: str, text: str) -> bool:
    """Whether *line* has a flag with this value; any value equals a placeholder."""
    return any(flag.name == name and (text.isupper() or flag.text == text) for flag in line.flags)
