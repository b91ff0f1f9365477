"""Finds the calls of a docker CLI command such as ``docker ps -a``, from the commands in the catalogue."""

import json
import re
import shlex
from collections.abc import Iterator
from urllib.parse import urlencode

from apispy.engine import OPERATIONS, Operation, lookup
from apispy.learn.explain.docker_flags import LONG, LONG_OF, ONLY_IF, PARAMETERS, SEQUENCES, SKIPPED_BY_FLAG
from apispy.learn.explain.records import Question

GLOBAL_WITH_VALUE = frozenset(
    [
        "-H",
        "--host",
        "-c",
        "--context",
        "-l",
        "--log-level",
        "--config",
        "--tlscacert",
        "--tlscert",
        "--tlskey",
    ]
)
"""Options before the command that take a value."""

SYNONYMS = {
    "docker container list": "docker container ls",
    "docker container ps": "docker container ls",
    "docker container remove": "docker container rm",
    "docker image list": "docker image ls",
    "docker image remove": "docker image rm",
    "docker network list": "docker network ls",
    "docker network remove": "docker network rm",
    "docker volume list": "docker volume ls",
    "docker volume remove": "docker volume rm",
    "docker start --attach": "docker start -a",
    "docker run --tty": "docker run -t",
    "docker exec --tty": "docker exec -t",
}
"""Commands with another spelling in the catalogue."""

GROUPS_WITH_SHORT_FORM = ("container", "image", "system", "builder")
"""Groups whose commands also have a short form, which may list more calls."""

PING_NOTE = "They are preceded by HEAD /_ping, which returns the API version of the daemon."

_COMMANDS = {command for row in OPERATIONS for command in row.commands}
_LINE = re.compile(r"(?:[$#%>]\s+)?(?:sudo\s+)?(?:\w+=\S*\s+)*(?:\S*/)?(docker(?=\s|$).*)", re.DOTALL)


def docker_line(text: str) -> tuple[tuple[Question, ...], tuple[str, ...]] | None:
    """Return the calls of a docker command in order, and notes; no calls if it is unknown, None for other text."""
    line = _LINE.fullmatch(text)
    if not line:
        return None
    words = _without_globals(_words(line[1]))
    base, flags = _command(words)
    if not base:
        return (), ()
    names = _names(base, flags)
    rows = [row for row in _ordered(names[-1], names) if row.id not in _skipped(names[-1], flags)]
    notes = [PING_NOTE, *(f"{row.id}: {why}." for row in rows if (why := ONLY_IF.get((names[-1], row.id))))]
    return tuple(_question(row, flags) for row in rows), tuple(notes)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _without_globals(words: list[str]) -> list[str]:
    remaining = iter(words[1:])
    for word in remaining:
        if word in GLOBAL_WITH_VALUE:
            next(remaining, "")
        elif not word.startswith("-"):
            return ["docker", word, *remaining]
    return ["docker"]


def _command(words: list[str]) -> tuple[str, list[str]]:
    """Return the longest known command without flags, and the words after it."""
    for length in (3, 2):
        base = " ".join(words[:length])
        base = SYNONYMS.get(base, base)
        plain = len(words) >= length and not words[length - 1].startswith("-")
        if plain and (base in _COMMANDS or f"{base} -a" in _COMMANDS):
            return base, words[length:]
    return "", []


def _names(base: str, flags: list[str]) -> list[str]:
    """Return the command's spellings in the catalogue, with flags where they matter; the shortest last."""
    group, _, last = base.removeprefix("docker ").partition(" ")
    short = f"docker {last}"
    names = (
        [base, short]
        if group in GROUPS_WITH_SHORT_FORM and last != "inspect" and short in _COMMANDS
        else [base]
    )
    flags_given = {flag for flag, _ in _flags(flags)}
    variants = [
        f"{name} {flag}"
        for name in names
        for flag in flags_given | {LONG.get(flag, flag) for flag in flags_given}
    ]
    return [SYNONYMS.get(variant, variant) for variant in variants] + names


def _flags(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield flags and values, clusters split: "-it" is -i and -t. The value is assumed to be the next word."""
    for word, following in zip(words, [*words[1:], ""], strict=False):
        name, equals, value = word.partition("=")
        if word.startswith("--"):
            yield name, value if equals else following
        elif word.startswith("-"):
            yield from ((f"-{letter}", "") for letter in word[1:-1])
            yield f"-{word[-1]}", following


def _ordered(base: str, names: list[str]) -> list[Operation]:
    rows = [row for row in OPERATIONS if set(row.commands) & set(names)]
    sequence = SEQUENCES.get(base, ())
    return sorted(rows, key=lambda row: sequence.index(row.id) if row.id in sequence else len(sequence))


def _skipped(base: str, words: list[str]) -> tuple[str, ...]:
    long_flags = {LONG.get(flag, flag) for flag, _ in _flags(words)}
    return next(
        (ids for (name, flag), ids in SKIPPED_BY_FLAG.items() if name == base and LONG[flag] in long_flags),
        (),
    )


def _question(row: Operation, words: list[str]) -> Question:
    """Build the call with the parameters that its flags set."""
    query: dict[str, str] = {}
    filters: dict[str, dict[str, bool]] = {}
    for flag, typed in _flags(words):
        long = LONG_OF.get((row.id, flag), LONG.get(flag, flag))
        name, value = PARAMETERS.get((row.id, long), ("", ""))
        if name == "filters":
            key, _, wanted = typed.partition("=")
            filters.setdefault(key, {})[wanted] = True
        elif name:
            query[name] = value or typed
    if filters:
        query["filters"] = json.dumps(filters)
    if not query:
        return Question(row)
    return Question(row, lookup(row.method, f"{row.path}?{urlencode(query, errors='replace')}"))
