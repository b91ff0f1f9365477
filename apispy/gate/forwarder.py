"""What one client sends goes on, with what the gate decided about each request. Sans-IO; two kinds."""

from typing import Protocol

from apispy.gate.actions import PASS, Decision
from apispy.gate.gate import Gate, failed
from apispy.gate.request_framing import Head, RequestFramer

ForwarderOutput = tuple[bytes, Decision]


class ResponseTracker(Protocol):
    """What is known of the daemon's answers; the proxy's Watch knows."""

    @property
    def answered(self) -> int:
        """How many requests of this connection have an answer's head, or will get none."""

    @property
    def idle(self) -> bool:
        """Every request has its whole answer."""

    @property
    def tunnelled(self) -> bool:
        """The connection is no HTTP any more, or cannot be followed."""


class RequestForwarder:
    """Bytes in with ``feed``, steps out with ``next``. ``open``: nothing is looked at any more."""

    def __init__(self, gate: Gate, answers: ResponseTracker) -> None:
        self.open = False
        self._gate, self._answers = gate, answers
        self._framing = RequestFramer()
        self._asked = 0  # requests so far
        self._head: Head | None = None  # of the last one
        self._hijack = False  # its answer tells whether HTTP goes on

    @property
    def pending(self) -> bool:
        """Something was fed that may come out later."""
        return self._framing.pending

    @property
    def blocked(self) -> bool:
        """Until an earlier request is over nothing is to be fed."""
        return False

    def feed(self, data: bytes) -> None:
        self._framing.feed(data)

    def next(self) -> ForwarderOutput | None:
        """The next bytes that are decided, with the decision; None when something must come first. Never raises.

        Bytes that pass may be any; if something is to be done to a request, its head begins them, see ``swallow``.
        """
        try:
            return self._next()
        except Exception as error:  # it fails closed
            self._head = None
            return self._left(), failed(error)

    def rest(self) -> bytes:
        """The client sends no more: what was left undecided, as it came."""
        return self._left()

    def swallow(self) -> tuple[bytes, bool]:
        """What else has come of the request that was decided last; whether its end is there, and more may follow it."""
        return b"", False

    # -- parts --

    def _next(self) -> ForwarderOutput | None:
        raise NotImplementedError

    def _left(self) -> bytes:
        raise NotImplementedError

    def _begins(self, head: Head) -> None:
        self._head = head
        self._asked += 1

    def _knows_hijack(self) -> bool:
        """Whether the answer has come that tells. If it is a tunnel, all passes from now on."""
        if self._answers.tunnelled:
            self.open = self._framing.unread = True
        self._hijack = not self.open and self._answers.answered < self._asked
        return not self._hijack

    def _unread(self, raw: bytes) -> Decision:
        decision = PASS if self.open else self._gate.unread(raw)
        self.open = decision.passes
        return decision
