"""Lets what one client sends go on request by request, each with what the gate decided about it. Sans-IO."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import h11

from apispy.gate.acts import PASS, Decision
from apispy.gate.framing import Body, Framing, Head, Part, Unread
from apispy.gate.gate import Gate, failed
from apispy.model import Body as Content
from apispy.model import Chunk, Exchange, Request
from apispy.tap import http1

BODY_LIMIT = 1 << 20
"""Bytes of a request that are held back while its body may decide."""

Step = tuple[bytes, Decision]


class Answers(Protocol):
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


class Turnstile:
    """*describe* makes an exchange of a request: who sent it, and when."""

    def __init__(self, gate: Gate, answers: Answers, describe: Callable[[Request], Exchange]) -> None:
        self._gate, self._answers, self._describe = gate, answers, describe
        self._framing = Framing()
        self._asked = 0  # requests so far
        self._held: list[bytes] = []  # of a request that is not decided yet
        self._ended = False  # the last request is here to its end
        self._hijack = False  # its answer tells whether HTTP goes on
        self.head: Head | None = None  # of the last request
        self.open = False  # nothing is looked at any more

    @property
    def pending(self) -> bool:
        """Something was fed that has not come out."""
        return self._framing.pending

    @property
    def blocked(self) -> bool:
        """With faults each request waits until the one before it is over; what is fed meanwhile is kept."""
        over = self._answers.idle or self._answers.tunnelled
        return self._gate.has_rules and self._framing.at_head and not (over or self._hijack)

    def feed(self, data: bytes) -> None:
        self._framing.feed(data)

    def next(self) -> Step | None:
        """The next bytes that are decided, with the decision; None when something must come first. Never raises.

        What is there of a request comes as one; if something is to be done to it, only its head may, see ``swallow``.
        """
        try:
            return self._next()
        except Exception as error:  # it fails closed
            self.head = None
            return self._framing.take(), failed(error)

    def rest(self) -> bytes:
        """The client sends no more: what was left undecided, as it came."""
        left = b"".join(self._held) + self._framing.take()
        self._held.clear()
        return left

    def swallow(self) -> tuple[bytes, bool]:
        """What else has come of the request that was decided last; whether its end is there, and more may follow it."""
        pieces = []
        while not self._ended and isinstance(part := self._framing.next(), Body):
            pieces.append(part.raw)
            self._ended = part.ends
        lasts = self._ended and self.head is not None and self.head.lasts and not self.head.may_hijack
        return b"".join(pieces), lasts

    # -- parts --

    def _next(self) -> Step | None:
        if self._hijack and not self._knows_hijack():
            data = self._framing.take()
            return (data, PASS) if data else None  # what is said to a hijacked session before it is one
        while not self.blocked and (part := self._framing.next()) is not None:
            if (step := self._take(part)) is not None:
                return step
        return None

    def _knows_hijack(self) -> bool:
        if self._answers.tunnelled:
            self.open = self._framing.unread = True
        self._hijack = not self.open and self._answers.answered < self._asked
        return not self._hijack

    def _take(self, part: Part) -> Step | None:
        if isinstance(part, Unread):
            return self._unread(part.raw)
        self._ended = part.ends
        if isinstance(part, Head):
            self.head = part
            self._asked += 1
            return self._first(part)
        if not self._held:
            return self._decided(part.raw, PASS)
        self._held.append(part.raw)
        if not part.ends and sum(map(len, self._held)) < BODY_LIMIT:
            return None
        return self._with_body()

    def _first(self, head: Head) -> Step | None:
        if refused := self._gate.refuse(head.fields):
            return head.raw, refused
        if not self._gate.has_rules:
            return self._decided(head.raw, PASS)
        decision = self._ask(head.raw, whole=head.ends or head.has(b"expect"))
        if decision is None:
            self._held.append(head.raw)
            return None
        return self._decided(head.raw, decision)

    def _with_body(self) -> Step:
        raw = b"".join(self._held)
        self._held.clear()
        return self._decided(raw, self._ask(raw, whole=True) or PASS)

    def _ask(self, raw: bytes, *, whole: bool) -> Decision | None:
        try:
            request = _request(raw)
        except h11.RemoteProtocolError:
            return self._gate.unread(raw)
        return self._gate.decide(self._describe(request), whole=whole)

    def _decided(self, raw: bytes, decision: Decision) -> Step:
        if decision.passes and not self._ended:
            raw += self.swallow()[0]
        if self._ended and self.head is not None and self.head.may_hijack:
            self._hijack = True
            if decision.passes:
                raw += self._framing.take()
        return raw, decision

    def _unread(self, raw: bytes) -> Step:
        decision = PASS if self.open else self._gate.unread(raw)
        self.open = decision.passes
        return raw, decision


def _request(raw: bytes) -> Request:
    """A request, with as much of its body as there is. Raises h11.RemoteProtocolError."""
    request: Request | None = None
    chunks: list[Chunk] = []
    ended = False
    for part in http1.request_reader().feed(raw, 0.0):
        match part:
            case Request():
                request = part
            case bytes():
                chunks.append(Chunk(0.0, part))
            case _:  # the trailers, with which it ends
                ended = True
    assert request is not None, "a head that was found is one"
    size = sum(len(chunk.data) for chunk in chunks)
    more = 0 if ended else 1  # at least
    return replace(request, body=Content(tuple(chunks), size + more))
