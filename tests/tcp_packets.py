"""TCP connections as packets, for tests of the importers."""

import itertools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from apispy.importers.tcp import Peer, Segment

CLIENT, DAEMON = Peer("127.0.0.1", 51234), Peer("127.0.0.1", 2375)
START = 1_700_000_000.0

REQUEST = b"GET /v1.41/containers/json HTTP/1.1\r\nHost: docker\r\n\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"


class TcpConnection:
    """Builds the ``segments`` of one connection in the order of sending, a hundredth of a second apart."""

    def __init__(self, client: Peer = CLIENT, daemon: Peer = DAEMON, *, first: int = 1000) -> None:
        self.client, self.daemon = client, daemon
        self.segments: list[Segment] = []
        self._next = {client: first, daemon: 9000}
        self._clock = itertools.count()

    def _add(self, source: Peer, data: bytes = b"", *, ack: bool = True, **flags: Any) -> None:
        target = self.daemon if source == self.client else self.client
        at = START + next(self._clock) / 100
        seq, acknowledged = self._next[source], self._next[target] if ack else None
        self.segments.append(
            Segment(
                at,
                source,
                target,
                seq % 2**32,
                acknowledged and acknowledged % 2**32,
                data,
                len(data),
                **flags,
            )
        )
        self._next[source] += len(data) + bool(flags.get("syn")) + bool(flags.get("fin"))

    def open(self) -> "TcpConnection":
        self._add(self.client, ack=False, syn=True)
        self._add(self.daemon, syn=True)
        self._add(self.client)
        return self

    def send(self, *pieces: bytes) -> "TcpConnection":
        for piece in pieces:
            self._add(self.client, piece)
        return self

    def reply(self, *pieces: bytes) -> "TcpConnection":
        for piece in pieces:
            self._add(self.daemon, piece)
        return self

    def close(self) -> "TcpConnection":
        self._add(self.client, fin=True)
        self._add(self.daemon, fin=True)
        return self

    def reset(self) -> "TcpConnection":
        self._add(self.daemon, rst=True)
        return self


def write(
    path: Path, segments: Iterable[Segment], frame: Callable[[Any], Any] | None = None, **options: Any
) -> Path:
    """Write a pcap file with *segments* by Scapy. *frame* wraps the IP packet in a link layer other than Ethernet."""
    from scapy.layers.l2 import Ether
    from scapy.utils import wrpcap

    packets = []
    for segment in segments:
        packet = (frame or (lambda ip: Ether() / ip))(ip_packet(segment))
        packet.time = segment.at
        packets.append(packet)
    wrpcap(str(path), packets, **options)
    return path


def ip_packet(segment: Segment) -> Any:
    from scapy.layers.inet import IP, TCP
    from scapy.layers.inet6 import IPv6
    from scapy.packet import Raw

    flags = "S" * segment.syn + "A" * (segment.ack is not None) + "F" * segment.fin + "R" * segment.rst
    network = IPv6 if ":" in segment.source.address else IP
    tcp = TCP(
        sport=segment.source.port,
        dport=segment.target.port,
        seq=segment.seq,
        ack=segment.ack or 0,
        flags=flags,
    )
    packet = network(src=segment.source.address, dst=segment.target.address) / tcp
    return packet / Raw(segment.data) if segment.data else packet
