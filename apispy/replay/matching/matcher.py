"""The interface of a matcher, the registry of matchers, and ``--match``, which chooses from it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from apispy.errors import UsageError
from apispy.replay.comparable_request import ComparableRequest
from apispy.replay.variables import Unifier


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between a recorded request and a live one."""

    place: str  # "path id", "query all", "body $.HostConfig.Memory"
    recorded: Any  # None: not in the recorded request
    live: Any  # None: not in the live request
    reason: str = ""  # a sentence, where the values alone do not explain the difference


@dataclass(frozen=True, slots=True)
class RequestPair:
    """A recorded request and the live one that it is compared with."""

    recorded: ComparableRequest
    live: ComparableRequest
    unifier: Unifier
    status: int | None  # of the recorded response


Compare = Callable[[RequestPair], Iterable[Difference]]


@dataclass(frozen=True, slots=True)
class Matcher:
    """The comparison of one aspect of a request. *compare* returns the differences, none if the requests match."""

    name: str
    explanation: str  # one line, for --help and docs/replay.md
    compare: Compare


MATCHERS: dict[str, Matcher] = {}
"""By name, in the order in which they compare."""

REQUIRED = "operation"
"""The matcher that cannot be left out."""


def matcher(name: str, explanation: str) -> Callable[[Compare], Compare]:
    """Register a function as the matcher *name*."""

    def register(compare: Compare) -> Compare:
        MATCHERS[name] = Matcher(name, explanation, compare)
        return compare

    return register


def choose_matchers(text: str | None) -> tuple[Matcher, ...]:
    """The matchers that --match names: ``path,query`` only these; ``-body,-headers`` all but these; None all.

    Raises UsageError.
    """
    words = [word.strip() for word in (text or "").split(",") if word.strip()]
    for word in words:
        if word.removeprefix("-") not in MATCHERS:
            raise UsageError(f"--match {text}: unknown matcher {word!r}. Known: {', '.join(MATCHERS)}.")
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
    return tuple(
        one
        for one in MATCHERS.values()
        if one.name == REQUIRED or (one.name in named if named else one.name not in left_out)
    )
