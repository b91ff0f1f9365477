"""The way of requests that faults may hit: each waits until the one before it is over, and for what is decided."""

from collections.abc import Callable
from dataclasses import replace

import h11

from apispy.gate.actions import PASS, Decision
from apispy.gate.forwarder import ForwarderOutput, RequestForwarder, ResponseTracker
from apispy.gate.gate import Gate
from apispy.gate.request_framing import Body, Head, Part, Unread
from apispy.model import Body as Content
from apispy.model import Chunk, Exchange, Headers, Request
from apispy.tap import http1

BODY_LIMIT = 1 << 20
"""Bytes of a request that are held back while its body may decide."""


class HoldingForwarder(RequestForwarder):
    """*describe* makes an exchange of a request: who sent it, and when."""

    def __init__(self, gate: Gate, answers: ResponseTracker, describe: Callable[[Request], Exchange]) -> None:
        super().__init__(gate, answers)
        self._describe = describe
        self._held: list[bytes] = []  # of a request that is not decided yet
        self._ended = False  # the last request is here to its end

    @property
    def blocked(self) -> bool:
        over = self._answers.idle or self._answers.tunnelled
        return self._framing.at_head and not (over or self._hijack)

    def swallow(self) -> tuple[bytes, bool]:
        pieces = []
        while not self._ended and isinstance(part := self._framing.next(), Body):
            pieces.append(part.raw)
            self._ended = part.ends
        lasts = self._ended and self._head is not None and self._head.lasts and not self._head.may_hijack
        return b"".join(pieces), lasts

    # -- parts --

    def _next(self) -> ForwarderOutput | None:
        if self._hijack and not self._knows_hijack():
            data = self._framing.take()
            return (data, PASS) if data else None  # what is said to a hijacked session before it is one
        while not self.blocked and (part := self._framing.next()) is not None:
            if (step := self._take(part)) is not None:
                return step
        return None

    def _left(self) -> bytes:
        left = b"".join(self._held) + self._framing.take()
        self._held.clear()
        return left

    def _take(self, part: Part) -> ForwarderOutput | None:
        if isinstance(part, Unread):
            return part.raw, self._unread(part.raw)
        self._ended = part.ends
        if isinstance(part, Head):
            self._begins(part)
            return self._first(part)
        if not self._held:
            return self._decided(part.raw, PASS)
        self._held.append(part.raw)
        if not part.ends and sum(map(len, self._held)) < BODY_LIMIT:
            return None
        raw = b"".join(self._held)
        self._held.clear()
        return self._decided(raw, self._ask(raw, whole=True) or PASS)

    def _first(self, head: Head) -> ForwarderOutput | None:
        decision = self._ask(head.raw, whole=head.ends or head.has(b"expect"))
        if decision is None:
            self._held.append(head.raw)
            return None
        return self._decided(head.raw, decision)

    def _ask(self, raw: bytes, *, whole: bool) -> Decision | None:
        try:
            request = request_of(raw)
        except h11.RemoteProtocolError:
            return self._gate.unread(raw)
        return self._gate.decide(self._describe(request), whole=whole)

    def _decided(self, raw: bytes, decision: Decision) -> ForwarderOutput:
        if decision.passes and not self._ended:
            raw += self.swallow()[0]
        if self._ended and self._head is not None and self._head.may_hijack:
            self._hijack = True
            if decision.passes:
                raw += self._framing.take()
        return raw, decision


def request_of(raw: bytes) -> Request:
    """A request, with as much of its body as there is. Raises h11.RemoteProtocolError."""
    request, chunks, ended = None, [], False
    for part in http1.request_reader().feed(raw, 0.0):
        match part:
            case Request():
                request = part
            case bytes():
                chunks.append(Chunk(0.0, part))
            case Headers():
                ended = True
    assert request is not None, "a head that was found is one"
    size = sum(len(chunk.data) for chunk in chunks)
    more = 0 if ended else 1  # at least
    return replace(request, body=Content(tuple(chunks), size + more))
