"""Assembles the tap's events of one connection to complete requests, and passes on the bytes of a tunnel."""

import hashlib
from collections import deque
from typing import Any

from apispy.model import Body, Chunk, Exchange
from apispy.replay.stdin_matching import AnyInput, StdinMatcher
from apispy.structs import Struct, field, replace
from apispy.tap.events import Closed, Data, Event, GaveUp, Opened, StreamEnded

BODY_LIMIT = 64 << 20
"""Bytes of a request's body that are kept to be compared; a longer body is compared by its digest."""


class OpenRequest(Struct):
    """A request whose body is not complete."""

    exchange: Exchange
    chunks: list[Chunk] = field(default_factory=list)
    size: int = 0
    kept: int = 0
    hash: Any = field(default_factory=hashlib.sha256)

    def add(self, chunk: Chunk) -> None:
        self.size += len(chunk.data)
        self.hash.update(chunk.data)
        if kept := chunk.data[: BODY_LIMIT - self.kept]:
            self.chunks.append(replace(chunk, data=kept))
            self.kept += len(kept)

    def with_body(self, ended_at: float | None) -> Exchange:
        digest = self.hash.hexdigest() if self.kept < self.size else ""
        body = Body(tuple(self.chunks), self.size, ended_at=ended_at, digest=digest)
        return self.exchange.with_stream("request", body)


class RequestAssembler:
    """Collects the requests of one connection. In HTTP/1 at most one is incomplete, in HTTP/2 many may be."""

    def __init__(self) -> None:
        self.requests: deque[Exchange] = deque()  # complete, without a response yet
        self.opened: deque[Exchange] = deque()  # all requests, in order; whoever needs them takes them
        self.last_closed = 0  # the number of the last exchange that is over
        self.last_was_tunnel = False  # that exchange had taken over the connection
        self.failure = ""  # why the tap cannot read on
        self._open: dict[int, OpenRequest] = {}  # by number
        self._stdin: StdinMatcher = AnyInput()

    @property
    def incomplete(self) -> Exchange | None:
        """The first request whose body is not complete."""
        return next((request.exchange for request in self._open.values()), None)

    def take(self, event: Event) -> None:
        match event:
            case Opened(refused=reason) if reason:
                self.failure = reason
            case Opened(exchange):
                self._open[exchange.id] = OpenRequest(exchange)
                self.opened.append(exchange)
            case Data(number, "request", _, chunk) if number in self._open:
                self._open[number].add(chunk)
            case StreamEnded(number, "request", at) if number in self._open:
                self.requests.append(self._open.pop(number).with_body(at))
            case Data(_, "to_server", _, chunk):
                self._stdin.feed(chunk.data)
            case StreamEnded(_, "to_server", _):
                self._stdin.close()
            case Closed(exchange):
                self._open.pop(exchange.id, None)
                self.last_closed, self.last_was_tunnel = exchange.id, exchange.tunnel is not None
            case GaveUp(reason=reason):
                self.failure = reason

    def pass_stdin_to(self, matcher: StdinMatcher) -> None:
        """Feed *matcher* with the client's bytes in the tunnel from now on."""
        self._stdin = matcher

    def leave(self, exchange: Exchange) -> None:
        """Keep nothing of a request whose bytes somebody else reads."""
        self._open.pop(exchange.id, None)
        self.requests = deque(one for one in self.requests if one.id != exchange.id)

    def so_far(self) -> Exchange:
        """The incomplete request with the part of its body that has arrived."""
        return next(iter(self._open.values())).with_body(None)
