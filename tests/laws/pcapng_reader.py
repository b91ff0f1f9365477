"""A strict pcapng reader for the laws: what each side of each connection sent."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

SYN, FIN, RST, ACK = 2, 1, 4, 16


@dataclass
class Stream:
    """The data that one side sent; *next* is the expected sequence number."""

    next: int | None = None
    data: bytearray = field(default_factory=bytearray)
    over: bool = False


def streams(file: bytes) -> dict[tuple[bytes, bytes], Stream]:
    """Read the streams by (source, target), each an address and port. AssertionError for any inconsistency."""
    found: dict[tuple[bytes, bytes], Stream] = {}
    for ip in packets(file):
        assert internet_sum(ip[:20]) == 0xFFFF
        assert struct.unpack(">H", ip[2:4])[0] == len(ip)
        tcp = ip[20:]
        assert internet_sum(ip[12:20] + struct.pack(">HH", 6, len(tcp)) + tcp) == 0xFFFF
        source, target = ip[12:16] + tcp[:2], ip[16:20] + tcp[2:4]
        follow(found, source, target, tcp)
    return found


def follow(found: dict[tuple[bytes, bytes], Stream], source: bytes, target: bytes, tcp: bytes) -> None:
    sequence, acknowledged, offset, flags = struct.unpack(">IIBB", tcp[4:14])
    stream = found.setdefault((source, target), Stream())
    back = found.get((target, source), Stream())
    data = tcp[(offset >> 4) * 4 :]
    if flags & SYN:
        assert stream.next is None, "a port is used twice"
        stream.next = sequence
    assert stream.next == sequence, "a gap or a retransmission"
    assert not (flags & ACK) or acknowledged == back.next, "it acknowledges data that was not sent"
    assert not (stream.over and (data or flags & FIN)), "data after the end"
    stream.data += data
    stream.next += len(data) + bool(flags & SYN) + bool(flags & FIN)
    stream.over = stream.over or bool(flags & (FIN | RST))


def packets(file: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(file):
        kind, size = struct.unpack_from("<II", file, at)
        assert size % 4 == 0
        assert struct.unpack_from("<I", file, at + size - 4)[0] == size
        if kind == 6:
            kept, original = struct.unpack_from("<II", file, at + 20)
            assert kept == original
            yield file[at + 28 : at + 28 + kept]
        at += size
    assert at == len(file)


def internet_sum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total
