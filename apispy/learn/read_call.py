"""What the collectors of this package need of a decoded call, as ``pipeline.read`` returns it."""

from collections.abc import Mapping
from typing import Protocol

from apispy.engine import Call
from apispy.model import Direction, Exchange, Item


class ReadCall(Protocol):
    """A decoded call."""

    @property
    def exchange(self) -> Exchange: ...
    @property
    def call(self) -> Call: ...
    @property
    def items(self) -> Mapping[Direction, tuple[Item, ...]]: ...
