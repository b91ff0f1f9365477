"""The interface of an output, and the decoded call that it receives."""

from collections.abc import Callable
from typing import Any, Protocol

from apispy.decoders.build import Build, build_of_call
from apispy.engine.operation import Call
from apispy.model import Chunk, Direction, Exchange, Item
from apispy.structs import Remembering, field
from apispy.units import short_ids

ENDED_EARLY = ("left", "cut")
"""Ends of exchanges before their streams had ended."""


def _alone(name: str) -> tuple[str, ...]:
    return (name,)


class DecodedCall(Remembering, frozen=True, eq=False):
    """A redacted exchange with everything decoded from it so far."""

    exchange: Exchange
    call: Call
    # Decoded items by stream. A stream still in progress keeps only its last few.
    items: dict[Direction, tuple[Item, ...]]
    # The daemon's error messages: of an error status, or inside a 200 stream.
    errors: tuple[str, ...] = ()
    # apispy's remarks about the call, in sentences.
    notes: tuple[str, ...] = ()
    # Decoder name by stream.
    formats: dict[Direction, str] = field(default_factory=dict)
    # Adds names to the IDs in a text: "web (c12250feba24)".
    label: Callable[[str], str] = short_ids
    # All known names and IDs of the object that a name or ID refers to, including the argument itself.
    aliases: Callable[[str], tuple[str, ...]] = _alone
    # Age of this snapshot: seconds since the exchange began.
    at: float = 0.0
    # Shared by calls that repeat each other, while the names of IDs stay the same; None if the call repeats none. An
    # output may keep in it, by itself as the key, what it makes of everything but times, numbers and the Date.
    memo: dict[Any, Any] | None = None

    @property
    def _value(self) -> tuple[Any, ...]:
        return self.exchange, self.call, self.items, self.errors, self.notes, self.formats, self.at

    @property
    def build(self) -> Build:
        """What is known of a build from the items: of a tunnel of BuildKit, or of a gRPC call."""
        return build_of_call(self.exchange, self.items)

    @property
    def failed(self) -> bool:
        """Whether the call failed: an error status, an error inside the response, or an early end.

        A client ends a call that stays open once it has seen enough, so such a call does not fail by its end.
        """
        response = self.exchange.response
        if self.errors or (response is not None and response.status >= 400):
            return True
        is_streaming = self.call.stays_open and response is not None
        return self.exchange.end in ENDED_EARLY and not is_streaming


class Output(Protocol):
    """One way to show or store calls. It only ever receives redacted data.

    Subclasses override the events that they need; the default implementations do nothing.
    """

    @property
    def takes_chunks(self) -> bool:
        """Whether this output needs ``chunk`` events. Read once, before the first event: chunks are numerous."""
        return type(self).chunk is not Output.chunk

    @property
    def takes_heads(self) -> bool:
        """Whether this output needs ``started`` and ``answered`` events. Read once, before the first event."""
        cls = type(self)
        return cls.started is not Output.started or cls.answered is not Output.answered

    def started(self, decoded: DecodedCall) -> None:
        """A call of any kind has begun: its request head is known."""
        return

    def answered(self, decoded: DecodedCall) -> None:
        """The response head of a call of any kind is known, and what came of the request body before it."""
        return

    def opened(self, decoded: DecodedCall) -> None:
        """A call that stays open has begun: its request head is known, and its body if that is short."""
        return

    def item(self, decoded: DecodedCall, direction: Direction, item: Item) -> None:
        """An item was decoded from a stream of an open call."""
        return

    def chunk(self, decoded: DecodedCall, direction: Direction, offset: int, chunk: Chunk) -> None:
        """Raw bytes arrived, *offset* bytes into their stream; for the most verbose view."""
        return

    def write(self, decoded: DecodedCall) -> None:
        """A call has ended."""
        return

    def notice(self, text: str, at: float) -> None:
        """A message about the session rather than a call; *at*: Unix seconds of the event that it describes."""
        return

    def summarize(self) -> None:
        """Write the summary of the calls that have ended so far, as ``close`` would; more calls may follow."""
        return

    def close(self) -> None:
        """The session has ended."""
        return
