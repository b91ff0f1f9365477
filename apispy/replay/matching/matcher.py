"""The interface of a matcher, the registry of matchers, and ``--match``, which chooses from it."""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from apispy.errors import UsageError
from apispy.replay.aspects import ASPECTS
from apispy.replay.comparable_request import ComparableRequest
from apispy.replay.variables import Unifier
from apispy.structs import Struct
from apispy.suggestions import most_similar


class Difference(Struct, frozen=True):
    """One difference between a recorded request and a live one."""

    place: str  # "path id", "query all", "body $.HostConfig.Memory"
    recorded: Any  # None: not in the recorded request
    live: Any  # None: not in the live request
    reason: str = ""  # a sentence, where the values alone do not explain the difference

    @property
    def part(self) -> str:
        """What is compared there, as --match names it: "query.all", "body.HostConfig.Memory"; "" for the whole aspect.

        List indexes are left out. A name that cannot be typed in --match ends it.
        """
        aspect, _, where = self.place.partition(" ")
        if aspect not in _PARTS:
            return ""
        if aspect != "body":
            where = where.partition(" ")[0].strip("{}")
        names = re.sub(r"\[\d+\]", "", where).removeprefix("$.").split(".")
        typed = list(itertools.takewhile(re.compile(r"[\w/-]+").fullmatch, names))
        return ".".join([_PARTS[aspect], *typed]) if typed else ""


class RequestPair(Struct, frozen=True):
    """A recorded request and the live one that it is compared with."""

    recorded: ComparableRequest
    live: ComparableRequest
    unifier: Unifier
    status: int | None  # of the recorded response


_PARTS = {"path": "path", "query": "query", "header": "headers", "body": "body"}
"""By the first word of a place: the matcher that compares it by parts."""

Compare = Callable[[RequestPair], Iterable[Difference]]


class Matcher(Struct, frozen=True):
    """The comparison of one aspect of a request. *compare* returns the differences, none if the requests match."""

    name: str
    explanation: str  # one line, for --help and docs/replay.md
    compare: Compare


MATCHERS: dict[str, Matcher] = {}
"""By name, in the order in which they compare."""

REQUIRED = "operation"
"""The matcher that cannot be left out."""


def matcher(name: str) -> Callable[[Compare], Compare]:
    """Register a function as the matcher *name*, which is one of ASPECTS."""

    def register(compare: Compare) -> Compare:
        MATCHERS[name] = Matcher(name, ASPECTS[name], compare)
        return compare

    return register


def choose_matchers(text: str | None) -> tuple[Matcher, ...]:
    """The matchers that --match names: ``path,query`` only these; ``-body,-query.all`` all but these; None all.

    Raises UsageError.
    """
    words = [word.strip() for word in (text or "").split(",") if word.strip()]
    for word in words:
        _check_name(word, text or "")
    left_out = {word[1:] for word in words if word.startswith("-")}
    named = {word for word in words if not word.startswith("-")}
    if left_out and named:
        raise UsageError(
            f"--match {text}: list either the matchers to use, or those to leave out, each with a -, not both."
        )
    if REQUIRED in left_out:
        raise UsageError(
            f"--match {text}: {REQUIRED} cannot be left out, because requests for different operations never match."
        )
    parts = tuple(word for word in left_out if "." in word)
    return tuple(
        _without(one, tuple(part for part in parts if part.startswith(f"{one.name}.")))
        for one in MATCHERS.values()
        if one.name == REQUIRED or (one.name in named if named else one.name not in left_out)
    )


def _check_name(word: str, text: str) -> None:
    name, dot, part = word.removeprefix("-").partition(".")
    if name not in MATCHERS:
        similar = most_similar(name, MATCHERS)
        hint = f" Did you mean {similar!r}?" if similar else ""
        raise UsageError(f"--match {text}: unknown matcher {word!r}.{hint} Known: {', '.join(MATCHERS)}.")
    if dot and (name not in _PARTS.values() or not part):
        of = ", ".join(f"{one}.NAME" for one in _PARTS.values())
        raise UsageError(f"--match {text}: {word!r} has no such part. Parts: {of}.")
    if dot and not word.startswith("-"):
        raise UsageError(f"--match {text}: a part can only be left out. Type --match=-{word}")


def _without(matcher: Matcher, parts: tuple[str, ...]) -> Matcher:
    """The matcher, without the differences in *parts* and below them."""
    if not parts:
        return matcher

    def compare(pair: RequestPair) -> Iterator[Difference]:
        for difference in matcher.compare(pair):
            if not any(f"{difference.part}.".startswith(f"{part}.") for part in parts):
                yield difference

    return Matcher(matcher.name, matcher.explanation, compare)
