"""What the gate does with a request: the decision, and the parts that carry it out for the proxy and for a replay."""

import json
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any, Protocol

from apispy.model import Request
from apispy.structs import Struct, replace
from apispy.tap.events import Closed, Event

GARBAGE = b"\x00\xff these bytes are not HTTP, sent by apispy --fault garbage\r\n\r\n"
"""Bytes that the fault ``garbage`` sends."""

BODILESS_STATUSES = (204, 304)
"""Statuses whose response has no body (RFC 9110, 15.3.5 and 15.4.5)."""


class RespondWith(Struct, frozen=True):
    """Respond in place of the daemon, which never sees the request.

    *message* has the place of the message in the daemon's own errors. *closes*: always end the connection afterwards.
    """

    status: int
    message: str
    closes: bool = False


class DropAfter(Struct, frozen=True):
    """Forward the request, and end the connection after *size* bytes of the response's body or of the tunnel."""

    size: int


class Reset(Struct, frozen=True):
    """Reset the client's connection (RST). The daemon never sees the request."""


class Garbage(Struct, frozen=True):
    """Send bytes that are not HTTP, and end the connection. The daemon never sees the request."""


class TunnelAnswer(Struct, frozen=True):
    """Send frames of HTTP/2 to a client in a tunnel. The daemon never sees what they answer.

    *ends*: end the connection afterwards. *notes*: the call says so.
    """

    frames: bytes
    ends: bool = False
    notes: bool = True


Ask = Callable[[Sequence[str]], Awaitable[bool]]
"""Shows the lines of a question to the user, and returns whether the answer is yes."""


class AskUser(Struct, frozen=True):
    """Ask the user, and forward the request if the answer is yes; else respond with *refusal*."""

    question: tuple[str, ...]
    ask: Ask
    refusal: RespondWith | TunnelAnswer


Action = RespondWith | DropAfter | Reset | Garbage | AskUser | TunnelAnswer


class CallCheck(Protocol):
    """What decides about the calls in a tunnel; ``gate.policy_check`` makes it."""

    @property
    def audit(self) -> bool:
        """Whether what would be refused is forwarded."""

    def decide(self, request: Request, message: dict[str, Any] | None) -> "Decision | None":
        """Decide about a call; None if its *message* is needed."""

    def refuse(self, reason: str) -> "Decision":
        """Make the decision about what cannot be read for sure."""


class Decision(Struct, frozen=True):
    """The gate's decision about a request.

    *delay*: seconds to wait before the action, or before the request is forwarded. *reason* names the fault or the
    refusal, or for a request that is forwarded unchanged what a rule would do with it; "" if there is nothing to say.
    *inside* decides about the calls in the tunnel that the request opens; None if nobody does.
    """

    action: Action | None = None
    delay: float = 0.0
    reason: str = ""
    inside: CallCheck | None = None

    @property
    def passes(self) -> bool:
        """Whether the request is forwarded unchanged and at once."""
        return self.action is None and not self.delay


PASS = Decision()


def error_response(status: int, message: str, *, head_only: bool = False, close: bool = True) -> bytes:
    """Build a response in the form of the daemon's own errors, so that every client shows *message*.

    *head_only*: the request is a HEAD. *close*: add ``Connection: close``.
    """
    body = json.dumps({"message": message}).encode() + b"\n"
    lines = [f"HTTP/1.1 {status} {_reason_phrase(status)}"]
    if status not in BODILESS_STATUSES:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    if close:
        lines.append("Connection: close")
    head = "\r\n".join([*lines, "", ""]).encode()
    return head if head_only or status in BODILESS_STATUSES else head + body


def _reason_phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"


MAX_HEAD = 1 << 20
"""Bytes of a response's head, with the interim responses before it, that are kept until it is complete."""


class ResponseTruncator:
    """Passes a response's head and *size* bytes after it, counted as they are on the wire, chunk sizes included.

    A head is over after MAX_HEAD bytes at most.
    """

    def __init__(self, size: int) -> None:
        self._left = size
        self._head: bytes | None = b""  # the part of the head received so far; None once it is complete

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """Return the part of *data* to send to the client, and whether the connection must end after it."""
        start = 0
        if self._head is not None:
            before = len(self._head)
            self._head += data
            end = final_head_end(self._head)
            if end is None:
                if len(self._head) > MAX_HEAD:
                    self._head = None  # what follows counts
                return data, False
            start, self._head = max(0, end - before), None
        allowed = data[: start + self._left]
        self._left -= len(allowed) - start
        return allowed, len(allowed) < len(data)


def final_head_end(data: bytes) -> int | None:
    """Return the offset of the end of the final response's head, after interim ones (100, 103); None if incomplete."""
    start = 0
    while (end := data.find(b"\r\n\r\n", start)) >= 0:
        status = data[start:end].split(b" ", 2)[1:2]
        start = end + 4
        if not status or not status[0].startswith(b"1") or status[0] == b"101":
            return start
    return None


class Annotations:
    """Remarks about the open exchange of one connection, which become problems of that exchange when it closes."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def add(self, text: str) -> None:
        self._texts.append(text)

    def apply_to(self, events: Sequence[Event]) -> Sequence[Event]:
        """Return *events*; the first that closes an exchange, with the remarks after the exchange's other problems."""
        if not self._texts:
            return events
        for number, event in enumerate(events):
            if isinstance(event, Closed):
                problems, self._texts = (*event.exchange.problems, *self._texts), []
                closed = Closed(replace(event.exchange, problems=problems))
                return [*events[:number], closed, *events[number + 1 :]]
        return events
