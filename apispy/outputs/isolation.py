"""Keeps a faulty output from affecting other outputs or the traffic."""

import logging
from collections.abc import Callable, Iterable

from apispy.outputs.base import DecodedCall, Output

log = logging.getLogger(__name__)


class _Member:
    """One output, and what went wrong with it."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self.disconnected = False
        self.dropped: set[int] = set()  # the numbers of the open calls on which it has failed


class Outputs:
    """Forwards events to outputs, and survives any exception that one of them raises.

    An output that fails on a call gets one notice and no further events of that call. After a closed pipe it gets no
    events at all. It is false if there are no outputs.
    """

    def __init__(self, outputs: Iterable[Output]) -> None:
        self._members = [_Member(output) for output in outputs]

    def __len__(self) -> int:
        return len(self._members)

    def only(self, wanted: Callable[[Output], bool]) -> "Outputs":
        """Return the outputs that are *wanted*. What goes wrong with one of them is known in both groups."""
        group = Outputs(())
        group._members = [member for member in self._members if wanted(member.output)]
        return group

    def on_call(self, decoded: DecodedCall, send: Callable[[Output], None]) -> None:
        """Send an event about a call to each output, unless it already failed on that call."""
        number = decoded.exchange.id
        for member in self._members:
            if number not in member.dropped and not self._sent(member, send, decoded):
                member.dropped.add(number)

    def write(self, decoded: DecodedCall) -> None:
        """Send a call that has ended, and drop what is remembered about it."""
        for member in self._members:
            if member.disconnected:
                continue
            if member.dropped and decoded.exchange.id in member.dropped:
                member.dropped.discard(decoded.exchange.id)
                continue
            try:  # as ``_sent``, in fewer steps: every call ends here
                member.output.write(decoded)
            except Exception as fault:
                self._failed(member, fault, decoded)

    def notice(self, text: str, at: float) -> None:
        for member in self._members:
            self._sent(member, lambda output: output.notice(text, at))

    def summarize(self) -> None:
        for member in self._members:
            self._sent(member, lambda output: output.summarize())

    def close(self) -> None:
        for member in self._members:
            self._sent(member, lambda output: output.close())

    def _sent(
        self, member: _Member, send: Callable[[Output], None], decoded: DecodedCall | None = None
    ) -> bool:
        """Send an event, of the call *decoded* if it is of one; return False if the output fails."""
        if member.disconnected:
            return True
        try:
            send(member.output)
        except Exception as fault:
            self._failed(member, fault, decoded)
            return member.disconnected
        return True

    def _failed(self, member: _Member, fault: Exception, decoded: DecodedCall | None) -> None:
        """Log a fault, and tell the output about it if it is one of apispy's own, and not the end of the reader."""
        name = type(member.output).__name__
        if isinstance(fault, BrokenPipeError):
            member.disconnected = True
            log.warning("%s: the reader closed the pipe", name)
            return
        log.exception("%s failed", name)
        if decoded is not None:
            number, at = decoded.exchange.id, decoded.exchange.started + decoded.at
            text = f"call #{number} cannot be shown here: an internal error in apispy: {fault!r}"
            self._sent(member, lambda output: output.notice(text, at))
