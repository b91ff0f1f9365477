"""Tells another output only of the calls that are chosen."""

from typing import Protocol

from apispy.model import Chunk, Direction, Item
from apispy.outputs.base import Output, Reading


class Chooser(Protocol):
    """What decides about calls; ``steps.select.Filter`` does."""

    def early(self, reading: Reading, /) -> bool | None: ...
    def matches(self, reading: Reading, /) -> bool: ...


class Filtered:
    """Passes on to *output* the calls that *chooser* chooses.

    A call that stays open is passed on from its beginning if that decides already; if its answer's head does, then with
    the first thing that flows after that; else as a whole at its end. What has flowed until then is not kept for it.
    """

    takes_chunks = True  # the first one may show a beginning that was held

    def __init__(self, output: Output, chooser: Chooser) -> None:
        self._output = output
        self._chooser = chooser
        self._chosen: dict[int, bool] = {}  # the calls under way that are decided
        self._held: set[int] = set()  # those that have begun, undecided

    def opened(self, reading: Reading) -> None:
        if self._early(reading):
            self._output.opened(reading)
        elif reading.exchange.id not in self._chosen:
            self._held.add(reading.exchange.id)

    def item(self, reading: Reading, direction: Direction, item: Item) -> None:
        if self._early(reading):
            self._open(reading)
            self._output.item(reading, direction, item)

    def chunk(self, reading: Reading, direction: Direction, offset: int, chunk: Chunk) -> None:
        if self._early(reading):
            self._open(reading)
            self._output.chunk(reading, direction, offset, chunk)

    def write(self, reading: Reading) -> None:
        number = reading.exchange.id
        self._held.discard(number)
        chosen = self._chosen.pop(number, None)
        if self._chooser.matches(reading) if chosen is None else chosen:
            self._output.write(reading)

    def notice(self, text: str, at: float) -> None:
        self._output.notice(text, at)

    def close(self) -> None:
        self._output.close()

    # -- parts --

    def _early(self, reading: Reading) -> bool | None:
        number = reading.exchange.id
        if number not in self._chosen and (chosen := self._chooser.early(reading)) is not None:
            self._chosen[number] = chosen
        return self._chosen.get(number)

    def _open(self, reading: Reading) -> None:
        """The beginning that was held, if it was."""
        if reading.exchange.id in self._held:
            self._held.remove(reading.exchange.id)
            self._output.opened(reading)
