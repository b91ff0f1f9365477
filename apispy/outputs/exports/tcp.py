"""A TCP connection that never was: it says what its two sides want to say, in packets that fit together."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from apispy.outputs.exports.packets import ACK, FIN, MSS, PSH, RST, SYN, packet, segment

PORT = 2375
HOST = bytes((127, 0, 0, 1))
FIRST_PORT, PORTS = 10_000, 50_000

TICK = 1e-6
"""Seconds between packets that belong together."""


@dataclass(slots=True)
class Side:
    address: tuple[bytes, int]
    next: int  # the sequence number of its next byte
    closed: bool = False


@dataclass(slots=True)
class Connection:
    """The *number*-th connection, from 0. All times are Unix seconds, and never run backwards in the packets."""

    number: int
    now: float = 0.0
    client: Side = field(init=False)
    server: Side = field(init=False)

    def __post_init__(self) -> None:
        block, port = divmod(self.number, PORTS)
        address = bytes((127, 0, block >> 8 & 0xFF, (block & 0xFF) + 1)) if block < 0xFF00 else HOST
        self.client = Side((address, FIRST_PORT + port), 1000)
        self.server = Side((HOST, PORT), 5000)

    def open(self, at: float) -> Iterator[bytes]:
        """The handshake, just before *at*."""
        self.now = at - 3 * TICK
        yield self._segment(self.client, SYN)
        self.client.next += 1
        yield self._segment(self.server, SYN | ACK)
        self.server.next += 1
        yield self._segment(self.client, ACK)

    def say(self, at: float, by_client: bool, data: bytes, comment: str = "") -> Iterator[bytes]:
        """Segments with *data*, each acknowledged at once. Nothing is said by a side that has closed."""
        side, other = (self.client, self.server) if by_client else (self.server, self.client)
        if side.closed:
            return
        self._wait(at)
        for start in range(0, len(data), MSS):
            part = data[start : start + MSS]
            yield self._segment(side, PSH | ACK, part, comment if not start else "")
            side.next = (side.next + len(part)) & 0xFFFFFFFF
            yield self._segment(other, ACK)

    def close(self, at: float, by_client: bool) -> Iterator[bytes]:
        """One side has said all."""
        side, other = (self.client, self.server) if by_client else (self.server, self.client)
        if side.closed:
            return
        self._wait(at)
        yield self._segment(side, FIN | ACK)
        side.next = (side.next + 1) & 0xFFFFFFFF
        side.closed = True
        yield self._segment(other, ACK)

    def reset(self, at: float) -> Iterator[bytes]:
        self._wait(at)
        if not self.over:
            yield self._segment(self.client, RST | ACK)
        self.client.closed = self.server.closed = True

    @property
    def over(self) -> bool:
        return self.client.closed and self.server.closed

    def _wait(self, at: float) -> None:
        self.now = max(self.now, at)

    def _segment(self, side: Side, flags: int, data: bytes = b"", comment: str = "") -> bytes:
        other = self.server if side is self.client else self.client
        seen = other.next if flags & ACK else 0
        made = packet(self.now, segment(side.address, other.address, side.next, seen, flags, data), comment)
        self.now += TICK
        return made
