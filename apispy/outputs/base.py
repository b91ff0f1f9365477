"""What an output is, and what it is given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from apispy.engine.operation import Call
from apispy.model import Chunk, Direction, Exchange, Item
from apispy.outputs.units import short_ids


@dataclass(frozen=True, slots=True)
class Reading:
    """An exchange, redacted, with what was understood of it so far."""

    exchange: Exchange
    call: Call
    items: dict[Direction, tuple[Item, ...]]  # by stream; live streams keep only their last few here
    errors: tuple[
        str, ...
    ] = ()  # the daemon's own words: an error status's message, an error inside a 200 stream
    notes: tuple[str, ...] = ()  # what is to be remarked on the call, in sentences
    formats: dict[Direction, str] = field(
        default_factory=dict
    )  # of the streams that are over: a decoder's name
    # puts names to the ids in a text: "web (c12250feba24)"
    label: Callable[[str], str] = field(default=short_ids, compare=False)
    # all that a name or an id goes by, itself among it
    aliases: Callable[[str], tuple[str, ...]] = field(default=lambda name: (name,), compare=False)
    at: float = 0.0  # when this was all that was known, in seconds since the exchange began

    @property
    def failed(self) -> bool:
        """The call went wrong: an error status, an error inside the answer, or cut before its end.

        A call that stays open is ended by its client when it has seen enough: being cut is no fault there.
        """
        response = self.exchange.response
        if self.errors or (response is not None and response.status >= 400):
            return True
        lasts = self.call.stays_open and response is not None
        return self.exchange.end == "cut" and not lasts


class Output(Protocol):
    """One way to show exchanges. It never sees anything unredacted.

    What an output does not care to hear of it inherits from here: nothing happens.
    """

    @property
    def takes_chunks(self) -> bool:
        """Whether it cares to hear of chunks. There are very many, so it is asked once, before the first."""
        return type(self).chunk is not Output.chunk

    def opened(self, reading: Reading) -> None:
        """A call that stays open has begun (its request's head, and body if short, are known)."""
        return

    def item(self, reading: Reading, direction: Direction, item: Item) -> None:
        """Something was read in a stream of an open call, as it flowed."""
        return

    def chunk(self, reading: Reading, direction: Direction, offset: int, chunk: Chunk) -> None:
        """Bytes as they came, for the most verbose view."""
        return

    def write(self, reading: Reading) -> None:
        """A call is over."""
        return

    def notice(self, text: str, at: float) -> None:
        """Something to say that belongs to no call; *at*: Unix seconds of what it is about."""
        return

    def close(self) -> None:
        """The session is over."""
        return
