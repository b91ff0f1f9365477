"""What a filter looks at, and what can be known of it."""

from collections.abc import Callable, Mapping
from enum import Flag, auto
from typing import Protocol

from apispy.engine import Call
from apispy.model import Direction, Exchange, Item


class Part(Flag):
    """What can be known of a call. The head always is; which of the others come first, and whether, varies."""

    HEAD = auto()  # the request's
    BODY = auto()  # the request's, if it is JSON
    ANSWER = auto()  # the answer's head
    END = auto()  # all the rest


ALL = Part.HEAD | Part.BODY | Part.ANSWER | Part.END


class Subject(Protocol):
    """A call as far as it is known; ``outputs.DecodedCall`` is one."""

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


def so_far(subject: Subject) -> Part:
    """What is known of a call that is under way."""
    known, request = Part.HEAD, subject.exchange.request
    if subject.items.get("request") or not request.announces_body or subject.call.operation.request != "json":
        known |= Part.BODY  # a body that holds secrets is not read before the end
    return known if subject.exchange.response is None else known | Part.ANSWER
