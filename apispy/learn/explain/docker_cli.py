"""Parses docker command lines by the commands and flags of docker 28.5, Compose and buildx (data/cli.json)."""

import difflib
import json
from functools import cache
from pathlib import Path
from typing import Any

from apispy.structs import Struct

CLI = Path(__file__).parent / "data/cli.json"

ARGUMENTS_FIRST = frozenset(
    [
        "docker container create", "docker container exec", "docker container run", "docker container top",
        "docker service create", "docker compose exec", "docker compose run",
    ]
)  # fmt: skip
"""Commands whose flags end at the first argument: what follows belongs to a command in the container."""

WITH_ARGUMENTS = frozenset(["docker buildx history inspect", "docker builder history inspect"])
"""Commands that have arguments of their own, and commands below them."""


class Flag(Struct, frozen=True):
    """A flag as typed. *name* is its long name, or the typed one if the command does not have it."""

    name: str
    text: str  # "true" for one without a value
    typed: str  # "-p 80:80"
    known: bool = True


class CommandLine(Struct, frozen=True):
    """A docker command line. *name* is the first of the spellings of the command: "docker container ls"."""

    name: str
    typed_name: str  # as typed, without global flags: "docker ps"
    flags: tuple[Flag, ...] = ()
    arguments: tuple[str, ...] = ()
    unknown: str = ""  # the word that is not a command of *name*
    group: bool = False  # whether *name* only has commands below it

    def has(self, name: str) -> bool:
        return any(flag.name == name for flag in self.flags)


@cache
def commands() -> dict[str, dict[str, Any]]:
    """Return the commands of the docker CLI by name. See tools/make_cli.py for the fields."""
    found: dict[str, dict[str, Any]] = json.loads(CLI.read_bytes())
    return found


@cache
def _spellings() -> dict[str, str]:
    """Return the names of commands by all their spellings."""
    found = {name: name for name in commands()}
    for name, entry in commands().items():
        for alias in entry.get("aliases", ()):
            found.setdefault(alias, name)
    return found


def canonical(name: str) -> str:
    """Return the first of the spellings of a command; ``docker builder`` is buildx."""
    if name.startswith("docker builder "):
        name = name.replace("docker builder", "docker buildx")
    return str(commands().get(name, {}).get("aliases", [name])[0])


def below(name: str) -> list[str]:
    """Return the commands one level below a command."""
    return [one for one in commands() if one.rpartition(" ")[0] == name]


def near_commands(typed: str) -> list[str]:
    """Return commands with similar names: those with the same number of words first."""
    words = typed.count(" ")
    near = difflib.get_close_matches(typed, _spellings(), n=8, cutoff=0.75)
    return sorted(near, key=lambda name: name.count(" ") != words)[:3]


def near_flags(name: str, flag: str) -> list[str]:
    return difflib.get_close_matches(flag, commands()[name].get("flags", ()), n=2, cutoff=0.7)


def parse(words: list[str]) -> CommandLine:
    """Parse the words of a command line, the first of them "docker"."""
    name, rest = "docker", words[1:]
    asks_help: list[Flag] = []
    while below(name):
        found, arguments = _flags(commands()[name], rest, stop=True)
        asks_help += [flag for flag in found if flag.name == "--help"]
        next_name = _spellings().get(f"{name} {arguments[0]}") if arguments else None
        if next_name is None:
            if name in WITH_ARGUMENTS:
                break
            unknown = arguments[0] if arguments else ""
            return CommandLine(name, name, tuple(asks_help), unknown=unknown, group=not arguments)
        name, rest = next_name, arguments[1:]
    flags, arguments = _flags(commands()[name], rest, stop=canonical(name) in ARGUMENTS_FIRST)
    return CommandLine(canonical(name), name, (*asks_help, *flags), tuple(arguments))


def _flags(entry: dict[str, Any], words: list[str], stop: bool) -> tuple[list[Flag], list[str]]:
    """Split *words* into flags and arguments; with *stop*, the first argument ends the flags."""
    flags: list[Flag] = []
    arguments: list[str] = []
    remaining = list(words)
    while remaining:
        word = remaining.pop(0)
        if word == "--":
            return flags, arguments + remaining
        if word == "-" or not word.startswith("-"):
            arguments.append(word)
            if stop:
                return flags, arguments + remaining
        elif word.startswith("--"):
            flags.append(_long(entry, word, remaining))
        else:
            flags += _short(entry, word, remaining)
    return flags, arguments


def _long(entry: dict[str, Any], word: str, remaining: list[str]) -> Flag:
    name, equals, text = word.partition("=")
    kind = entry.get("flags", {}).get(name)
    if name == "--help":
        return Flag(name, "true", word)
    if kind is None:
        return Flag(name, text or "true", name, known=False)
    if equals or not kind:
        return Flag(name, text if equals else "true", word)
    text = remaining.pop(0) if remaining else ""
    return Flag(name, text, f"{word} {text}".strip())


def _short(entry: dict[str, Any], word: str, remaining: list[str]) -> list[Flag]:
    """Read short flags in one word: "-it", "-p80:80", "-t=web"."""
    found: list[Flag] = []
    for at, letter in enumerate(word[1:], 2):
        short = f"-{letter}"
        name = entry.get("short", {}).get(short) or (short if short in entry.get("flags", {}) else "")
        if not name:
            help_asked = letter == "h" and len(word) == 2
            return [*found, Flag("--help" if help_asked else short, "true", short, known=help_asked)]
        if entry["flags"][name]:
            text = word[at:].removeprefix("=") or (remaining.pop(0) if remaining else "")
            return [*found, Flag(name, text, f"{short} {text}".strip())]
        found.append(Flag(name, "true", short))
    return found
