"""The way of requests that only web pages are looked for in: nothing waits.

The daemon does not act on a head before its end. So every byte goes on at once, and only the end of a head that is
refused does not.
"""

from apispy.gate.actions import PASS, Decision
from apispy.gate.forwarder import ForwarderOutput, RequestForwarder, ResponseTracker
from apispy.gate.gate import Gate
from apispy.gate.request_framing import Head, Part, Unread


class PassThrough(RequestForwarder):
    """For a gate without faults."""

    def __init__(self, gate: Gate, answers: ResponseTracker) -> None:
        super().__init__(gate, answers)
        self._come = b""  # what has not gone on yet
        self._ahead = 0  # how much has gone on that is no part of anything yet
        self._refused: ForwarderOutput | None = None

    def feed(self, data: bytes) -> None:
        super().feed(data)
        self._come += data

    def _next(self) -> ForwarderOutput | None:
        if self._refused or not self._come:
            step, self._refused = self._refused, None
            return step
        if self._hijack and not self._knows_hijack():
            return self._left(), PASS  # what is said to a hijacked session before it is one
        at = -self._ahead
        while (part := self._framing.next()) is not None:
            if refused := self._refusal(part):
                return self._up_to(max(0, at), refused)
            at += len(part.raw)
            if self._hijack:
                at += len(self._framing.take())
        self._ahead = len(self._come) - at
        come, self._come = self._come, b""
        return come, PASS

    def _up_to(self, at: int, refused: Decision) -> ForwarderOutput | None:
        come, self._come = self._come, b""
        if not at:
            return come, refused
        self._refused = come[at:], refused
        return come[:at], PASS

    def _refusal(self, part: Part) -> Decision | None:
        if isinstance(part, Unread):
            decision = self._unread(part.raw)
            return None if decision.passes else decision
        if isinstance(part, Head):
            self._begins(part)
            if refused := self._gate.refuse(part.fields):
                return refused
        self._hijack = part.ends and self._head is not None and self._head.may_hijack
        return None

    def _left(self) -> bytes:
        """Of what was fed, what has not gone on."""
        self._framing.take()
        come, self._come, self._ahead = self._come, b"", 0
        return come
