"""Outputs that pass on only some of the calls."""

from typing import Protocol

from apispy.model import Chunk, Direction, Item
from apispy.outputs.base import DecodedCall, Output


class CallFilter(Protocol):
    """Decides which calls match; ``filters.Filter`` is one."""

    def early(self, decoded: DecodedCall, /) -> bool | None: ...
    def matches(self, decoded: DecodedCall, /) -> bool: ...
    def items(self, decoded: DecodedCall, /) -> list[tuple[Direction, Item]]: ...


class Filtered(Output):
    """Passes the calls that *call_filter* matches on to *output*.

    An open call is passed on from its beginning if its request already decides. If its response head decides, it is
    passed on from the next thing that flows; otherwise at its end. Until then, what flows is not buffered: of a call
    that is selected at its end, the items that matched are passed on, between its beginning and its end.
    """

    takes_chunks = True  # the first chunk may be what releases a held call
    takes_heads = False  # what is decided by a response would come too late for them

    def __init__(self, output: Output, call_filter: CallFilter) -> None:
        self._output = output
        self._filter = call_filter
        self._decided: dict[int, bool] = {}  # calls in progress whose outcome is known
        self._held: set[int] = set()  # calls that have begun and are undecided

    def opened(self, decoded: DecodedCall) -> None:
        if self._early(decoded):
            self._output.opened(decoded)
        elif decoded.exchange.id not in self._decided:
            self._held.add(decoded.exchange.id)

    def item(self, decoded: DecodedCall, direction: Direction, item: Item) -> None:
        if self._early(decoded):
            self._release(decoded)
            self._output.item(decoded, direction, item)

    def chunk(self, decoded: DecodedCall, direction: Direction, offset: int, chunk: Chunk) -> None:
        if self._early(decoded):
            self._release(decoded)
            self._output.chunk(decoded, direction, offset, chunk)

    def write(self, decoded: DecodedCall) -> None:
        number = decoded.exchange.id
        self._held.discard(number)
        decided = self._decided.pop(number, None)
        if decided is None and self._filter.matches(decoded):
            self._pass_matched(decoded)
            decided = True
        if decided:
            self._output.write(decoded)

    def notice(self, text: str, at: float) -> None:
        self._output.notice(text, at)

    def summarize(self) -> None:
        self._output.summarize()

    def close(self) -> None:
        self._output.close()

    # -- parts --

    def _early(self, decoded: DecodedCall) -> bool | None:
        number = decoded.exchange.id
        if number not in self._decided and (decision := self._filter.early(decoded)) is not None:
            self._decided[number] = decision
        return self._decided.get(number)

    def _pass_matched(self, decoded: DecodedCall) -> None:
        """Pass on the beginning of a call that has ended, and the items that matched, if any did."""
        if decoded.exchange.tunnel is None and not decoded.call.stays_open:
            return
        if found := self._filter.items(decoded):
            self._output.opened(decoded)
            for direction, item in found:
                self._output.item(decoded, direction, item)

    def _release(self, decoded: DecodedCall) -> None:
        """Send the ``opened`` event that was held back, if any."""
        if decoded.exchange.id in self._held:
            self._held.remove(decoded.exchange.id)
            self._output.opened(decoded)


class FilteredByNumber(Output):
    """Passes notices on to *output*, and the finished calls whose numbers are in *numbers* at that time.

    It removes these numbers, so that they do not grow with the session.
    """

    def __init__(self, output: Output, numbers: set[int]) -> None:
        self._output, self._numbers = output, numbers

    def write(self, decoded: DecodedCall) -> None:
        if decoded.exchange.id in self._numbers:
            self._numbers.remove(decoded.exchange.id)
            self._output.write(decoded)

    def notice(self, text: str, at: float) -> None:
        self._output.notice(text, at)

    def close(self) -> None:
        self._output.close()
