"""What a filter evaluates: a call, of which some parts may not be known yet."""

from collections.abc import Callable, Mapping
from enum import Flag, auto
from typing import Protocol

from apispy.engine import Call
from apispy.engine.requested_builds import SOLVES
from apispy.engine.tables.grpc_methods import GRPC_CALL
from apispy.model import Direction, Exchange, Item
from apispy.structs import Struct, field


class Part(Flag):
    """A part of a call. The request head is always known; the other parts may come in any order, or never."""

    HEAD = auto()  # the request head
    BODY = auto()  # the request body, if it is JSON
    RESPONSE = auto()  # the response head
    END = auto()  # everything else


ALL = Part.HEAD | Part.BODY | Part.RESPONSE | Part.END


class Subject(Protocol):
    """A call, as far as it is known. ``outputs.DecodedCall`` implements it."""

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
        """Gives all names and IDs of the thing that a name or ID refers to, including itself."""


class Asked(Struct, frozen=True):
    """A request, as far as rules need it."""

    exchange: Exchange
    call: Call
    items: Mapping[Direction, tuple[Item, ...]]
    aliases: Callable[[str], tuple[str, ...]] = field(default=lambda name: (name,))
    errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    failed: bool = False


UNREAD_GRPC = frozenset((*SOLVES, GRPC_CALL.id))
"""gRPC methods whose message is needed to know what they ask for. A rule cannot be sure about an unknown method."""


def known_parts(subject: Subject) -> Part:
    """The parts of an open call that are known."""
    known, request = Part.HEAD, subject.exchange.request
    if subject.call.operation.id in UNREAD_GRPC and not subject.items.get("request"):
        pass
    elif (
        subject.items.get("request") or not request.announces_body or subject.call.operation.request != "json"
    ):
        known |= Part.BODY  # a body that may hold secrets is decoded only at the end
    return known if subject.exchange.response is None else known | Part.RESPONSE
