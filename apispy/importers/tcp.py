"""Reassembles the TCP segments of a capture to the two byte streams of each connection, in the order of delivery.

Scapy reads the segments, but this module orders them. Scapy's TCPSession (2.8, the only one of a maintained Python
library) fills gaps with zero bytes and keeps no times, as its source says.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from apispy.structs import Struct, field

SEQUENCE_SPACE = 1 << 32
"""Sequence numbers wrap around at this value."""


class Peer(NamedTuple):
    address: str
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


class Segment(Struct, frozen=True):
    """One TCP segment."""

    at: float
    source: Peer
    target: Peer
    seq: int
    ack: int | None
    data: bytes = b""
    length: int = 0  # of the data on the wire: more than *data* has if the capture truncated the packet
    syn: bool = False
    fin: bool = False
    rst: bool = False


class Part(Struct, frozen=True):
    """The next part of one direction: data, or *missing* bytes, or its *end* ("fin", "rst")."""

    start: int  # its offset in the stream
    at: float
    needs: int  # bytes of the other direction that its sender had received
    data: bytes = b""
    missing: int = 0
    end: str = ""
    truncated: bool = False  # the bytes are missing because the capture truncated its packets


class Side(Struct):
    """The segments that one peer sent."""

    first: int | None = None  # sequence number of its first byte
    newest: int = 0  # the offset of the last new segment
    from_start: bool = False  # the capture has the beginning of the stream
    # (offset in the stream, acknowledged bytes of the other direction, segment), in the order of the capture
    segments: list[tuple[int, int, Segment]] = field(default_factory=list)
    conflicts: int = 0  # segments that ``parts`` left out although their data differs from what it returned

    def offset_of(self, seq: int) -> int:
        """The offset in the stream of the sequence number *seq*: of the possible ones, the nearest to the newest."""
        if self.first is None:
            return 0
        half = SEQUENCE_SPACE // 2
        return self.newest + (seq - self.first - self.newest + half) % SEQUENCE_SPACE - half

    def add(self, segment: Segment, acknowledged: int) -> None:
        seq = segment.seq + segment.syn
        if self.first is None or (segment.syn and not self.segments):
            self.first, self.newest, self.from_start = seq, 0, segment.syn
        start = self.offset_of(seq)
        self.newest = max(self.newest, start)
        if segment.length or segment.fin or segment.rst:
            self.segments.append((start, acknowledged, segment))

    def parts(self) -> Iterator[Part]:
        """The stream in order, each byte once. No part is earlier than the one before it."""
        position, at, needs = 0, 0.0, 0
        returned: list[tuple[int, bytes]] = []  # (offset, data)
        resets = [
            (start, acknowledged, segment) for start, acknowledged, segment in self.segments if segment.rst
        ]
        for start, acknowledged, segment in sorted(self.segments, key=lambda entry: (entry[0], entry[2].at)):
            if start < position and _differs(returned, start, segment.data):
                self.conflicts += 1
            if start + segment.length < position or segment.rst:
                continue
            at = max(at, segment.at)
            if start > position:  # a gap precedes this segment; the other side's acknowledgements show when
                yield Part(position, at, needs, missing=start - position)
                position = start
            needs = max(needs, acknowledged)
            if data := segment.data[position - start :]:
                returned.append((position, data))
                yield Part(position, at, needs, data)
                position += len(data)
            if (missing := start + segment.length - position) > 0:
                yield Part(position, at, needs, missing=missing, truncated=True)
                position += missing
            if segment.fin:
                yield Part(position, at, needs, end="fin")
                break
        for _, acknowledged, segment in resets[:1]:
            yield Part(position, max(at, segment.at), max(needs, acknowledged), end="rst")


def _differs(returned: list[tuple[int, bytes]], start: int, data: bytes) -> bool:
    """Whether *data* at the offset *start* is not the same as what was *returned* before for these offsets."""
    for at, known in reversed(returned):
        if at + len(known) <= start:
            return False
        first, last = max(at, start), min(at + len(known), start + len(data))
        if first < last and known[first - at : last - at] != data[first - start : last - start]:
            return True
    return False


class Conversation:
    """One connection. *first* sent its first segment in the capture."""

    def __init__(self, first: Peer, second: Peer) -> None:
        self.peers = first, second
        self.sides = {first: Side(), second: Side()}
        self.opener: Peer | None = None  # the peer that opened the connection, if the capture shows it

    def is_over_for(self, segment: Segment) -> bool:
        """Whether *segment* opens a new connection between the same peers."""
        side = self.sides[segment.source]
        return segment.syn and side.first is not None and side.first != (segment.seq + 1) % SEQUENCE_SPACE

    def add(self, segment: Segment) -> None:
        if segment.syn:
            self.opener = segment.target if segment.ack is not None else segment.source
        other = self.sides[segment.target]
        known = segment.ack is not None and other.first is not None
        self.sides[segment.source].add(
            segment, other.offset_of(segment.ack) if known and segment.ack is not None else 0
        )

    def parts(self) -> Iterator[tuple[Peer, Part]]:
        """The parts of both directions by time, but none before data that it acknowledges.

        A capture may have its packets out of order.
        """
        waiting = {peer: deque(side.parts()) for peer, side in self.sides.items()}
        while waiting[self.peers[0]] or waiting[self.peers[1]]:
            peer = self._next(waiting)
            yield peer, waiting[peer].popleft()

    def _next(self, waiting: dict[Peer, deque[Part]]) -> Peer:
        """The peer whose part is next."""
        one, two = self.peers
        if not waiting[one] or not waiting[two]:
            return one if waiting[one] else two
        first, second = waiting[one][0], waiting[two][0]
        one_waits, two_waits = second.start < first.needs, first.start < second.needs
        if one_waits != two_waits:
            return two if one_waits else one
        return one if first.at <= second.at else two


def conversations(segments: Iterable[Segment]) -> list[Conversation]:
    """The connections of *segments*, in the order of their first segments."""
    found: list[Conversation] = []
    current: dict[frozenset[Peer], Conversation] = {}
    for segment in segments:
        ends = frozenset((segment.source, segment.target))
        if len(ends) < 2:
            continue  # a peer does not talk to itself
        conversation = current.get(ends)
        if conversation is None or conversation.is_over_for(segment):
            conversation = current[ends] = Conversation(segment.source, segment.target)
            found.append(conversation)
        conversation.add(segment)
    return found
