"""What a filter looks at, and how much of it is known when."""

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Protocol

from apispy.engine import Call
from apispy.model import Direction, Exchange, Item


class Stage(IntEnum):
    """How far a call has come."""

    HEAD = 0  # the request's head is known
    REQUEST = 1  # and its body, if that is JSON
    ANSWER = 2  # and the answer's head
    END = 3  # and all the rest


class Subject(Protocol):
    """A call as far as it is known; ``outputs.Reading`` is one."""

    @property
    def exchange(self) -> Exchange: ...
    @property
    def call(self) -> Call: ...
    @property
    def items(self) -> Mapping[Direction, tuple[Item, ...]]: ...
    @property
    def errors(self) -> tuple[str, ...]: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    @property
    def failed(self) -> bool: ...
    @property
    def aliases(self) -> Callable[[str], tuple[str, ...]]:
        """All that a name or id goes by, itself among it."""


def so_far(subject: Subject) -> Stage:
    """The stage of a call that is under way."""
    if subject.exchange.response is not None:
        return Stage.ANSWER
    if subject.items.get("request") or not subject.exchange.request.announces_body:
        return Stage.REQUEST
    return Stage.HEAD
