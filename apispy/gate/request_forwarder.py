"""Forwards one client's requests, each with the gate's decision about it. Sans-IO.

There are two kinds. ``PassThrough`` looks for web pages only, and delays nothing. ``HoldingForwarder`` is for faults:
each request waits until the one before it is over, and until the gate has decided about it.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

import h11

from apispy.gate.actions import PASS, CallCheck, Decision
from apispy.gate.gate import Gate, internal_error
from apispy.gate.request_framing import Head, Part, RequestFramer, Unreadable
from apispy.gate.tunnel_reader import TunnelReader
from apispy.model import Body as RequestBody
from apispy.model import Chunk, Exchange, Headers, Request
from apispy.structs import replace
from apispy.tap import http1

MAX_HELD_BODY = 1 << 20
"""Bytes of a request that are held while its body may decide."""

ForwarderOutput = tuple[bytes, Decision]
"""Bytes from the client, and the decision about them."""


class ResponseTracker(Protocol):
    """The state of the daemon's responses on this connection; the proxy's ConnectionObserver is one."""

    @property
    def answered(self) -> int:
        """The number of requests that have a response's head, or will get none."""

    @property
    def idle(self) -> bool:
        """Whether no response is outstanding: each request has its own, or the daemon has ended its side."""

    @property
    def tunnelled(self) -> bool:
        """Whether the connection has left HTTP, or cannot be parsed any further."""


class RequestForwarder:
    """Takes a client's bytes with ``feed`` and returns them with decisions from ``next``.

    ``bypassed``: all further bytes are forwarded unchecked. ``in_body``: the bytes returned last are in the body of a
    request that passed, and not its rest: a response to them is that request's own.
    """

    def __init__(self, gate: Gate, responses: ResponseTracker) -> None:
        self.bypassed = self.in_body = False
        self._gate, self._responses = gate, responses
        self._framer = RequestFramer()
        self._requests = 0  # so far
        self._head: Head | None = None  # of the last request
        self._hijacking = False  # whether HTTP goes on depends on the response to the last request

    @property
    def pending(self) -> bool:
        """Whether bytes were fed that ``next`` may still return."""
        return self._framer.pending

    @property
    def blocked(self) -> bool:
        """Whether an earlier request must be over before more is fed."""
        return False

    def feed(self, data: bytes) -> None:
        self._framer.feed(data)

    def next(self) -> ForwarderOutput | None:
        """Return the next bytes that are decided; None if something else must happen first. Never raises.

        Bytes that pass may begin and end anywhere. Bytes of a request that does not pass unchanged begin with its head,
        and ``take_request`` returns the rest of that request.
        """
        try:
            return self._next()
        except Exception as error:  # fail closed
            self._head = None
            return self._take_undecided(), internal_error(error)

    def take_rest(self) -> bytes:
        """Return the bytes that are still undecided when the client has ended."""
        return self._take_undecided()

    def take_undecided(self) -> bytes:
        """Return the bytes that never pass when the client has ended, because they were not decided."""
        return b""

    def take_request(self) -> tuple[bytes, bool]:
        """Return the bytes received of the request that was decided last, and whether another request may follow it."""
        return b"", False

    # -- for subclasses --

    def _next(self) -> ForwarderOutput | None:
        raise NotImplementedError

    def _take_undecided(self) -> bytes:
        raise NotImplementedError

    def _begin_request(self, head: Head) -> None:
        self._head = head
        self._requests += 1

    def _hijack_settled(self) -> bool:
        """Whether the response to the hijacking request has come. If it began a tunnel, bypass the rest."""
        if self._responses.tunnelled:
            self.bypassed = self._framer.unreadable = True
        self._hijacking = not self.bypassed and self._responses.answered < self._requests
        return not self._hijacking

    def _decide_unreadable(self, raw: bytes) -> Decision:
        decision = PASS if self.bypassed else self._gate.decide_unreadable(raw)
        self.bypassed = decision.passes
        return decision


class PassThrough(RequestForwarder):
    """The forwarder of a gate without faults.

    The daemon does not act on a head before its end. So every byte is forwarded at once, but for the end of a head that
    is refused.
    """

    def __init__(self, gate: Gate, responses: ResponseTracker) -> None:
        super().__init__(gate, responses)
        self._received = b""  # not forwarded yet
        self._ahead = 0  # bytes that are forwarded but in no part yet
        self._refused: ForwarderOutput | None = None

    @property
    def pending(self) -> bool:
        return bool(self._received or self._refused)

    def feed(self, data: bytes) -> None:
        super().feed(data)
        self._received += data

    def _next(self) -> ForwarderOutput | None:
        if self._refused or not self._received:
            output, self._refused = self._refused, None
            return output
        if self._hijacking and not self._hijack_settled():
            return self._take_undecided(), PASS  # early data for a tunnel that has not begun
        at = -self._ahead  # where the next part begins in _received
        while (part := self._framer.next()) is not None:
            if refused := self._refusal(part):
                return self._up_to(max(0, at), refused)
            at += len(part.raw)
            if self._hijacking:
                at += len(self._framer.take())
        self._ahead = len(self._received) - at
        received, self._received = self._received, b""
        return received, PASS

    def _up_to(self, at: int, refused: Decision) -> ForwarderOutput | None:
        """Forward the first *at* bytes; the rest is refused."""
        received, self._received = self._received, b""
        if not at:
            return received, refused
        self._refused = received[at:], refused
        return received[:at], PASS

    def _refusal(self, part: Part) -> Decision | None:
        if isinstance(part, Unreadable):
            decision = self._decide_unreadable(part.raw)
            return None if decision.passes else decision
        if isinstance(part, Head):
            self._begin_request(part)
            if refused := self._gate.refuse(part.fields):
                return refused
        self._hijacking = part.ends and self._head is not None and self._head.may_hijack
        return None

    def _take_undecided(self) -> bytes:
        self._framer.take()
        received, self._received, self._ahead = self._received, b"", 0
        return received


class HoldingForwarder(RequestForwarder):
    """The forwarder of a gate with faults or a policy. *describe* makes an exchange of a request.

    With a policy, what follows a request that may hijack waits for the response: if the daemon refuses the hijack, it
    is the next request.
    """

    def __init__(
        self, gate: Gate, responses: ResponseTracker, describe: Callable[[Request], Exchange]
    ) -> None:
        super().__init__(gate, responses)
        self._describe = describe
        self._waits_for_hijack = gate.policy is not None
        self._refuses_rest = gate.policy is not None and not gate.policy.audit
        self._held: list[bytes] = []  # of a request that is not decided yet
        self._ended = False  # the last request is complete
        self._inside: CallCheck | None = (
            None  # decides about calls in the tunnel that the last request asks for
        )
        self._tunnel: TunnelReader | None = None
        self._outputs: deque[ForwarderOutput] = deque()  # of the tunnel

    @property
    def blocked(self) -> bool:
        if not self._framer.at_head or self._responses.idle or self._responses.tunnelled:
            return False
        return not self._hijacking or self._waits_for_hijack

    def take_request(self) -> tuple[bytes, bool]:
        pieces = []
        while not self._ended and (part := self._framer.next()) is not None:
            if isinstance(part, Unreadable):  # decided next
                self._framer.feed(part.raw)
                break
            pieces.append(part.raw)
            self._ended = part.ends
        head = self._head
        keep_alive = self._ended and head is not None and head.keep_alive and not head.may_hijack
        return b"".join(pieces), keep_alive

    @property
    def pending(self) -> bool:
        return super().pending or bool(self._outputs)

    def take_rest(self) -> bytes:
        """With a policy, the rest of a request that is decided; a daemon may act on an incomplete body."""
        if self._refuses_rest and (self._held or self._framer.at_head):
            return b""
        return self._tunnel.take_rest() if self._tunnel else super().take_rest()

    def take_undecided(self) -> bytes:
        return b"" if self._tunnel else self._take_undecided()

    def _hijack_settled(self) -> bool:
        if self._inside is not None and self._responses.tunnelled:
            inside, self._inside = self._inside, None
            self._tunnel = TunnelReader(inside.decide, inside.refuse, audit=inside.audit)
            self._hijacking, self._framer.unreadable = False, True
            return True
        return super()._hijack_settled()

    def _next_in_tunnel(self, tunnel: TunnelReader) -> ForwarderOutput | None:
        if not self._outputs:
            self._outputs += tunnel.feed(self._framer.take())
        return self._outputs.popleft() if self._outputs else None

    def _next(self) -> ForwarderOutput | None:
        if self._tunnel is not None:
            return self._next_in_tunnel(self._tunnel)
        if self._hijacking and not self._hijack_settled():
            data = b"" if self._waits_for_hijack else self._framer.take()
            return (data, PASS) if data else None  # early data for a tunnel that has not begun
        if self._tunnel is not None:
            return self._next_in_tunnel(self._tunnel)
        while not self.blocked and (part := self._framer.next()) is not None:
            if (output := self._take(part)) is not None:
                return output
        return None

    def _take_undecided(self) -> bytes:
        undecided = b"".join(self._held) + self._framer.take()
        self._held.clear()
        return undecided

    def _take(self, part: Part) -> ForwarderOutput | None:
        if isinstance(part, Unreadable):
            self.in_body = self._head is not None and not self._ended
            return part.raw, self._decide_unreadable(part.raw)
        self._ended = part.ends
        if isinstance(part, Head):
            self._begin_request(part)
            return self._decide_head(part)
        if not self._held:
            return self._decided(part.raw, PASS)
        self._held.append(part.raw)
        if not part.ends and sum(map(len, self._held)) < MAX_HELD_BODY:
            return None
        raw = b"".join(self._held)
        self._held.clear()
        return self._decided(raw, self._decide(raw, complete=True) or PASS)

    def _decide_head(self, head: Head) -> ForwarderOutput | None:
        if self._gate.passes_again(head):
            return head.raw, PASS
        decision = self._decide(head.raw, complete=head.ends or head.has(b"expect"))
        if decision is None:
            self._held.append(head.raw)
            return None
        if decision is PASS:
            self._gate.passed(head)
        return self._decided(head.raw, decision)

    def _decide(self, raw: bytes, *, complete: bool) -> Decision | None:
        try:
            request = parse_request(raw)
        except h11.RemoteProtocolError:
            return self._gate.decide_unreadable(raw)
        return self._gate.decide(self._describe(request), complete=complete)

    def _decided(self, raw: bytes, decision: Decision) -> ForwarderOutput:
        self._inside = decision.inside
        if decision.passes and not self._ended:
            raw += self.take_request()[0]
        if self._ended and self._head is not None and self._head.may_hijack:
            self._hijacking = True
            if decision.passes and not self._waits_for_hijack:
                raw += self._framer.take()
        return raw, decision


def parse_request(raw: bytes) -> Request:
    """Parse a request and as much of its body as *raw* has. Raises h11.RemoteProtocolError."""
    request, chunks, ended = None, [], False
    for part in http1.request_reader().feed(raw, 0.0):
        match part:
            case Request():
                request = part
            case bytes():
                chunks.append(Chunk(0.0, part))
            case Headers():
                ended = True
    assert request is not None, "RequestFramer returned a head that h11 finds incomplete"
    size = sum(len(chunk.data) for chunk in chunks)
    missing = 0 if ended else 1  # at least
    return replace(request, body=RequestBody(tuple(chunks), size + missing))
