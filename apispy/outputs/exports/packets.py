"""Packets of a pcapng file, and the synthetic TCP connections that they belong to.

Sources: draft-ietf-opsawg-pcapng (blocks), RFC 791 (IPv4), RFC 9293 (TCP). Written here because the libraries for it
expect real packets, and there are only four fixed layouts. The tests read the result with tshark.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from apispy.structs import Struct

SYN, FIN, RST, PSH, ACK = 0x02, 0x01, 0x04, 0x08, 0x10

RAW_IP = 101  # LINKTYPE_RAW: packets begin with the IP header
WINDOW = 0xFFFF
SCALE = 7
MSS = 16_344
"""Maximum bytes of data in a segment."""

SECTION, INTERFACE, PACKET = 0x0A0D0D0A, 1, 6
COMMENT, APPLICATION = 1, 4  # option codes: of any block; of the section header


def file_header(application: str) -> bytes:
    """Build the section header and the single interface; times are in microseconds, the default."""
    section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _option(APPLICATION, application)
    return _block(SECTION, section) + _block(INTERFACE, struct.pack("<HHI", RAW_IP, 0, 0))


def packet_block(at: float, data: bytes, comment: str = "") -> bytes:
    """Build the block of a captured packet; *at*: Unix seconds."""
    micros = max(0, round(at * 1_000_000)) & 0xFFFFFFFFFFFFFFFF
    head = struct.pack("<IIIII", 0, micros >> 32, micros & 0xFFFFFFFF, len(data), len(data))
    return _block(PACKET, head + _padded(data) + (_option(COMMENT, comment) if comment else b""))


def tcp_packet(
    source: tuple[bytes, int],
    target: tuple[bytes, int],
    sequence: int,
    acknowledged: int,
    flags: int,
    data: bytes,
) -> bytes:
    """Build an IPv4 packet with a TCP segment; addresses are (four bytes, port)."""
    options = struct.pack(">BBHBBBB", 2, 4, MSS, 1, 3, 3, SCALE) if flags & SYN else b""
    offset = (20 + len(options)) // 4 << 4
    tcp = struct.pack(
        ">HHIIBBHHH", source[1], target[1], sequence, acknowledged, offset, flags, WINDOW, 0, 0
    ) + options + data  # fmt: skip
    pseudo = source[0] + target[0] + struct.pack(">BBH", 0, 6, len(tcp))
    tcp = tcp[:16] + checksum(pseudo + tcp) + tcp[18:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0) + source[0] + target[0]
    return ip[:10] + checksum(ip) + ip[12:] + tcp


def checksum(data: bytes) -> bytes:
    """Compute the Internet checksum (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack(">H", ~total & 0xFFFF)


def _block(kind: int, body: bytes) -> bytes:
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def _option(code: int, text: str) -> bytes:
    """Build one option and the end of the options."""
    data = text.encode("utf-8", "replace")[:4000]
    return struct.pack("<HH", code, len(data)) + _padded(data) + bytes(4)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


PORT = 2375
HOST = bytes((127, 0, 0, 1))
FIRST_PORT, PORTS = 10_000, 50_000

TICK = 1e-6
"""Seconds between packets sent together."""


class Peer(Struct):
    """One side of a connection."""

    address: tuple[bytes, int]
    next: int  # sequence number of its next byte
    closed: bool = False


@dataclass(slots=True)
class TcpConnection:
    """Yields the packets of a synthetic connection.

    *number* counts connections from 0. Times are Unix seconds; packet times never decrease.
    """

    number: int
    now: float = 0.0
    client: Peer = field(init=False)
    server: Peer = field(init=False)

    def __post_init__(self) -> None:
        block, port = divmod(self.number, PORTS)
        address = bytes((127, 0, block >> 8 & 0xFF, (block & 0xFF) + 1)) if block < 0xFF00 else HOST
        self.client = Peer((address, FIRST_PORT + port), 1000)
        self.server = Peer((HOST, PORT), 5000)

    def open(self, at: float) -> Iterator[bytes]:
        """Yield the handshake, just before *at*."""
        self.now = at - 3 * TICK
        yield self._segment(self.client, SYN)
        self.client.next += 1
        yield self._segment(self.server, SYN | ACK)
        self.server.next += 1
        yield self._segment(self.client, ACK)

    def send(self, at: float, by_client: bool, data: bytes, comment: str = "") -> Iterator[bytes]:
        """Yield segments with *data*, each acknowledged immediately; nothing from a side that has closed."""
        side, other = (self.client, self.server) if by_client else (self.server, self.client)
        if side.closed:
            return
        self._advance(at)
        for start in range(0, len(data), MSS):
            part = data[start : start + MSS]
            yield self._segment(side, PSH | ACK, part, comment if not start else "")
            side.next = (side.next + len(part)) & 0xFFFFFFFF
            yield self._segment(other, ACK)

    def close(self, at: float, by_client: bool) -> Iterator[bytes]:
        """Yield the FIN of one side and its acknowledgement."""
        side, other = (self.client, self.server) if by_client else (self.server, self.client)
        if side.closed:
            return
        self._advance(at)
        yield self._segment(side, FIN | ACK)
        side.next = (side.next + 1) & 0xFFFFFFFF
        side.closed = True
        yield self._segment(other, ACK)

    def reset(self, at: float, by_client: bool) -> Iterator[bytes]:
        """Yield an RST from one side, unless both have closed."""
        self._advance(at)
        if not self.closed:
            yield self._segment(self.client if by_client else self.server, RST | ACK)
        self.client.closed = self.server.closed = True

    @property
    def closed(self) -> bool:
        return self.client.closed and self.server.closed

    def _advance(self, at: float) -> None:
        self.now = max(self.now, at)

    def _segment(self, side: Peer, flags: int, data: bytes = b"", comment: str = "") -> bytes:
        other = self.server if side is self.client else self.client
        acknowledged = other.next if flags & ACK else 0
        block = packet_block(
            self.now, tcp_packet(side.address, other.address, side.next, acknowledged, flags, data), comment
        )
        self.now += TICK
        return block
