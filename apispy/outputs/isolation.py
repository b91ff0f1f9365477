"""Keeps a faulty output from affecting other outputs or the traffic."""

import logging
from collections.abc import Callable

from apispy.outputs.base import DecodedCall, Output

log = logging.getLogger(__name__)


class Isolated:
    """Forwards events to one output and survives any exception that it raises.

    If an output fails on a call, it gets one notice and no further events of that call. After a closed pipe
    it gets no events at all.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._disconnected = False
        self._dropped: set[int] = set()
        self.takes_chunks = output.takes_chunks
        self.takes_heads = output.takes_heads

    def on_call(self, decoded: DecodedCall, send: Callable[[Output], None]) -> None:
        """Send an event about a call, unless this output already failed on that call."""
        number = decoded.exchange.id
        if number in self._dropped:
            return
        fault = self._try(send)
        if fault is not None:
            self._dropped.add(number)
            self._tell(decoded, fault)

    def write(self, decoded: DecodedCall) -> None:
        """Send a call that has ended, and drop what is remembered about it."""
        if self._disconnected:
            return
        if self._dropped and decoded.exchange.id in self._dropped:
            self._dropped.discard(decoded.exchange.id)
            return
        try:  # as ``on_call``, in fewer steps: every call ends here
            self._output.write(decoded)
        except Exception as fault:
            if self._is_own(fault):
                self._tell(decoded, fault)

    def _tell(self, decoded: DecodedCall, fault: Exception) -> None:
        text = f"call #{decoded.exchange.id} cannot be shown here: an internal error in apispy: {fault!r}"
        self.notice(text, decoded.exchange.started + decoded.at)

    def notice(self, text: str, at: float) -> None:
        self._try(lambda output: output.notice(text, at))

    def summarize(self) -> None:
        self._try(lambda output: output.summarize())

    def close(self) -> None:
        self._try(lambda output: output.close())

    def _try(self, send: Callable[[Output], None]) -> Exception | None:
        if self._disconnected:
            return None
        try:
            send(self._output)
        except Exception as fault:
            return fault if self._is_own(fault) else None
        return None

    def _is_own(self, fault: Exception) -> bool:
        """Log a fault, and return whether it is one of apispy's own, and not the end of the reader."""
        if isinstance(fault, BrokenPipeError):
            self._disconnected = True
            log.warning("%s: the reader closed the pipe", type(self._output).__name__)
            return False
        log.exception("%s failed", type(self._output).__name__)
        return True
