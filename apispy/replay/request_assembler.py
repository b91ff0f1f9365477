"""Assembles the tap's events of one connection to complete requests, and passes on the bytes of a tunnel."""

import hashlib
from collections import deque
from dataclasses import replace

from apispy.model import Body, Chunk, Exchange
from apispy.replay.stdin_matching import AnyInput, StdinMatcher
from apispy.tap.events import Closed, Data, Event, GaveUp, Opened, StreamEnded

BODY_LIMIT = 64 << 20
"""Bytes of a request's body that are kept to be compared; a longer body is compared by its digest."""


class RequestAssembler:
    """Collects the requests of one connection."""

    def __init__(self) -> None:
        self.requests: deque[Exchange] = deque()  # complete, without a response yet
        self.incomplete: Exchange | None = None  # a request whose body is not complete
        self.others_wait = False  # whether calls on other connections wait for what passes through the tunnel
        self.last_closed = 0  # the number of the last exchange that is over
        self.last_was_tunnel = False  # that exchange had taken over the connection
        self.failure = ""  # why the tap cannot read on
        self._chunks: list[Chunk] = []
        self._size = self._kept = 0
        self._hash = hashlib.sha256()
        self._stdin: StdinMatcher = AnyInput()

    def take(self, event: Event) -> None:
        match event:
            case Opened(refused=reason) if reason:
                self.failure = reason
            case Opened(exchange):
                self._begin(exchange)
            case Data(_, "request", _, chunk):
                self._add(chunk)
            case StreamEnded(_, "request", at):
                self._end(at)
            case Data(_, "to_server", _, chunk):
                self._stdin.feed(chunk.data)
            case StreamEnded(_, "to_server", _):
                self._stdin.close()
            case Closed(exchange):
                self.last_closed, self.last_was_tunnel = exchange.id, exchange.tunnel is not None
            case GaveUp(reason=reason):
                self.failure = reason

    def pass_stdin_to(self, matcher: StdinMatcher, *, others_wait: bool = False) -> None:
        """Feed *matcher* with the client's bytes in the tunnel from now on."""
        self._stdin, self.others_wait = matcher, others_wait

    def so_far(self) -> Exchange:
        """The incomplete request with the part of its body that has arrived."""
        assert self.incomplete is not None
        return self._with_body(self.incomplete, None)

    def _begin(self, exchange: Exchange) -> None:
        self.incomplete = exchange
        self._chunks, self._size, self._kept, self._hash = [], 0, 0, hashlib.sha256()

    def _add(self, chunk: Chunk) -> None:
        self._size += len(chunk.data)
        self._hash.update(chunk.data)
        if kept := chunk.data[: BODY_LIMIT - self._kept]:
            self._chunks.append(replace(chunk, data=kept))
            self._kept += len(kept)

    def _end(self, at: float) -> None:
        if self.incomplete is not None:
            self.requests.append(self._with_body(self.incomplete, at))
            self.incomplete = None

    def _with_body(self, exchange: Exchange, ended_at: float | None) -> Exchange:
        digest = self._hash.hexdigest() if self._kept < self._size else ""
        body = Body(tuple(self._chunks), self._size, ended_at=ended_at, digest=digest)
        return exchange.with_stream("request", body)
