"""Keeps a faulty output from disturbing the others, or the traffic."""

import logging
from collections.abc import Callable

from apispy.outputs.base import Output, Reading

log = logging.getLogger(__name__)


class Isolated:
    """Tells one output what happens, and survives whatever it does.

    A call that an output cannot show is dropped for this output, and said once. An output whose reader has
    gone (a closed pipe) is told nothing more.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._gone = False
        self._dropped: set[int] = set()
        self.takes_chunks = output.takes_chunks

    def about(self, reading: Reading, tell: Callable[[Output], None]) -> None:
        """Tell something about a call, unless this output already failed at it."""
        number = reading.exchange.id
        if number in self._dropped:
            return
        fault = self._try(tell)
        if fault is not None:
            self._dropped.add(number)
            at = reading.exchange.started + reading.at
            self.notice(f"call #{number} cannot be shown here, a fault in apispy: {fault!r}", at)

    def forget(self, number: int) -> None:
        """A call is over."""
        self._dropped.discard(number)

    def notice(self, text: str, at: float) -> None:
        self._try(lambda output: output.notice(text, at))

    def close(self) -> None:
        self._try(lambda output: output.close())

    def _try(self, tell: Callable[[Output], None]) -> Exception | None:
        if self._gone:
            return None
        try:
            tell(self._output)
        except BrokenPipeError:
            self._gone = True
            log.warning("%s: nobody reads it any more", type(self._output).__name__)
        except Exception as fault:
            log.exception("%s failed", type(self._output).__name__)
            return fault
        return None
