"""What a matcher is, and what it is given."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from apispy.replay.comparable_request import ComparableRequest
from apispy.replay.variables import Unifier


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was recorded. None: there is no such thing on that side."""

    place: str  # "path id", "query all", "body $.HostConfig.Memory"
    recorded: Any
    live: Any
    why: str = ""  # a sentence, where the values alone do not tell


@dataclass(frozen=True, slots=True)
class Question:
    """A live request, held against a recorded one."""

    recorded: ComparableRequest
    live: ComparableRequest
    unifier: Unifier
    status: int | None  # of the recorded answer


Compare = Callable[[Question], Iterable[Difference]]


@dataclass(frozen=True, slots=True)
class Matcher:
    """One aspect of a request. *compare* gives what differs in it, nothing if all is as recorded."""

    name: str
    explanation: str  # one line, for --help and the page
    compare: Compare


MATCHERS: dict[str, Matcher] = {}
"""By name, in the order in which they are asked."""


def matcher(name: str, explanation: str) -> Callable[[Compare], Compare]:
    """Registers a function as the matcher *name*."""

    def register(compare: Compare) -> Compare:
        MATCHERS[name] = Matcher(name, explanation, compare)
        return compare

    return register
