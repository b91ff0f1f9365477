"""TCP segments, as a capture has them, to the two byte streams of each connection, in the order of delivery.

Scapy reads the segments; putting them in order stays here, because its TCPSession (2.8, the only one of a Python
library that is kept) fills what is missing with zero bytes, tells no times, and says so in its source.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

SPACE = 1 << 32
"""Sequence numbers start again after this many."""


class Peer(NamedTuple):
    address: str
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Segment:
    """One TCP segment. *length* is what its data had on the wire: more than *data* when the capture cut it short."""

    at: float
    source: Peer
    target: Peer
    seq: int
    ack: int | None
    data: bytes = b""
    length: int = 0
    syn: bool = False
    fin: bool = False
    rst: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """The next thing of one direction: data, or *missing* bytes, or its *end* ("fin", "rst").

    It came once the other side had sent *needs* bytes.
    """

    start: int
    at: float
    needs: int
    data: bytes = b""
    missing: int = 0
    end: str = ""
    short: bool = False  # missing because the capture cut its packets


@dataclass(slots=True)
class Side:
    """What one peer sent: (where in its stream, bytes acknowledged of the other's, segment) as they came."""

    first: int | None = None  # sequence number of its first byte
    newest: int = 0
    from_start: bool = False
    segments: list[tuple[int, int, Segment]] = field(default_factory=list)

    def place(self, seq: int) -> int:
        """Where in the stream *seq* is, nearest to what came last."""
        if self.first is None:
            return 0
        away = (seq - self.first - self.newest + SPACE // 2) % SPACE - SPACE // 2
        return self.newest + away

    def add(self, segment: Segment, acknowledged: int) -> None:
        seq = segment.seq + segment.syn
        if self.first is None or (segment.syn and not self.segments):
            self.first, self.newest, self.from_start = seq, 0, segment.syn
        start = self.place(seq)
        self.newest = max(self.newest, start)
        if segment.length or segment.fin or segment.rst:
            self.segments.append((start, acknowledged, segment))

    def parts(self) -> Iterator[Part]:
        """In order, each byte once, and no earlier than what stands before it."""
        position, at, needs = 0, 0.0, 0
        resets = [
            (start, acknowledged, segment) for start, acknowledged, segment in self.segments if segment.rst
        ]
        for start, acknowledged, segment in sorted(self.segments, key=lambda entry: (entry[0], entry[2].at)):
            if start + segment.length < position or segment.rst:
                continue
            at = max(at, segment.at)
            if start > position:  # what is missing came before this segment: who answered it proves when
                yield Part(position, at, needs, missing=start - position)
                position = start
            needs = max(needs, acknowledged)
            if data := segment.data[position - start :]:
                yield Part(position, at, needs, data)
                position += len(data)
            if (missing := start + segment.length - position) > 0:
                yield Part(position, at, needs, missing=missing, short=True)
                position += missing
            if segment.fin:
                yield Part(position, at, needs, end="fin")
                break
        for _, acknowledged, segment in resets[:1]:
            yield Part(position, max(at, segment.at), max(needs, acknowledged), end="rst")


class Conversation:
    """One connection: *first* sent the first segment of it that there is."""

    def __init__(self, first: Peer, second: Peer) -> None:
        self.peers = first, second
        self.sides = {first: Side(), second: Side()}
        self.opener: Peer | None = None  # who asked for the connection, when that was seen

    def is_over_for(self, segment: Segment) -> bool:
        """Whether *segment* begins another connection between the same two."""
        side = self.sides[segment.source]
        return segment.syn and side.first is not None and side.first != (segment.seq + 1) % SPACE

    def add(self, segment: Segment) -> None:
        if segment.syn:
            self.opener = segment.target if segment.ack is not None else segment.source
        other = self.sides[segment.target]
        known = segment.ack is not None and other.first is not None
        self.sides[segment.source].add(
            segment, other.place(segment.ack) if known and segment.ack is not None else 0
        )

    def parts(self) -> Iterator[tuple[Peer, Part]]:
        """Of both directions by time, but nothing before what it answers: a capture may have packets in disorder."""
        waiting = {peer: deque(side.parts()) for peer, side in self.sides.items()}
        while waiting[self.peers[0]] or waiting[self.peers[1]]:
            peer = self._next(waiting)
            yield peer, waiting[peer].popleft()

    def _next(self, waiting: dict[Peer, deque[Part]]) -> Peer:
        one, two = self.peers
        if not waiting[one] or not waiting[two]:
            return one if waiting[one] else two
        ours, theirs = waiting[one][0], waiting[two][0]
        one_waits, two_waits = theirs.start < ours.needs, ours.start < theirs.needs
        if one_waits != two_waits:
            return two if one_waits else one
        return one if ours.at <= theirs.at else two


def conversations(segments: Iterable[Segment]) -> list[Conversation]:
    """The connections that *segments* belong to, by their first one."""
    found: list[Conversation] = []
    current: dict[frozenset[Peer], Conversation] = {}
    for segment in segments:
        ends = frozenset((segment.source, segment.target))
        if len(ends) < 2:
            continue  # nobody speaks to himself
        conversation = current.get(ends)
        if conversation is None or conversation.is_over_for(segment):
            conversation = current[ends] = Conversation(segment.source, segment.target)
            found.append(conversation)
        conversation.add(segment)
    return found
