"""What one client has sent: whole requests, and the bytes of a tunnel, as the tap reads them."""

import hashlib
from collections import deque
from dataclasses import replace

from apispy.model import Body, Chunk, Exchange
from apispy.replay.stdin_matching import AnyInput, StdinMatcher
from apispy.tap.events import Closed, Data, Event, GaveUp, Opened, StreamEnded

BODY_LIMIT = 64 << 20
"""Bytes of a request's body that are kept to be compared; of a longer one the digest is."""


class RequestAssembler:
    """Takes the tap's events of one connection."""

    def __init__(self) -> None:
        self.requests: deque[Exchange] = deque()  # complete, not yet answered
        self.head: Exchange | None = None  # of a request whose body is not complete
        self.in_session = False  # other connections wait for what comes in the tunnel
        self.closed = 0  # the number of the last exchange that is over
        self.was_tunnel = False  # it had taken the connection over
        self.broken = ""  # why nothing more can be read
        self._chunks: list[Chunk] = []
        self._size = self._kept = 0
        self._hash = hashlib.sha256()
        self._talk: StdinMatcher = AnyInput()

    def take(self, event: Event) -> None:
        match event:
            case Opened(exchange):
                self._begin(exchange)
            case Data(_, "request", _, chunk):
                self._add(chunk)
            case StreamEnded(_, "request", at):
                self._end(at)
            case Data(_, "to_server", _, chunk):
                self._talk.heard(chunk.data)
            case StreamEnded(_, "to_server", _):
                self._talk.ended()
            case Closed(exchange):
                self.closed, self.was_tunnel = exchange.id, exchange.tunnel is not None
            case GaveUp(reason=reason):
                self.broken = reason

    def listen(self, talk: StdinMatcher, *, others_wait: bool = False) -> None:
        """What comes in the tunnel from now on is told to *talk*. *others_wait*: calls on other connections too."""
        self._talk, self.in_session = talk, others_wait

    def so_far(self) -> Exchange:
        """The request whose body is not complete, with what there is of it."""
        assert self.head is not None
        return self._with_body(self.head, None)

    def _begin(self, exchange: Exchange) -> None:
        self.head = exchange
        self._chunks, self._size, self._kept, self._hash = [], 0, 0, hashlib.sha256()

    def _add(self, chunk: Chunk) -> None:
        self._size += len(chunk.data)
        self._hash.update(chunk.data)
        if kept := chunk.data[: BODY_LIMIT - self._kept]:
            self._chunks.append(replace(chunk, data=kept))
            self._kept += len(kept)

    def _end(self, at: float) -> None:
        if self.head is not None:
            self.requests.append(self._with_body(self.head, at))
            self.head = None

    def _with_body(self, exchange: Exchange, ended_at: float | None) -> Exchange:
        digest = self._hash.hexdigest() if self._kept < self._size else ""
        body = Body(tuple(self._chunks), self._size, ended_at=ended_at, digest=digest)
        return exchange.with_stream("request", body)
