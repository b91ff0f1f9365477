"""The bytes of a pcapng file and of the packets in it. What is known of them stands here alone.

Sources: draft-ietf-opsawg-pcapng (blocks), RFC 791 (IPv4), RFC 9293 (TCP). Our own, because the libraries for it want
packets that exist, and it is four fixed layouts; tshark reads what comes out in the tests.
"""

import struct

SYN, FIN, RST, PSH, ACK = 0x02, 0x01, 0x04, 0x08, 0x10

RAW_IP = 101  # LINKTYPE_RAW: packets begin with the IP header
WINDOW = 0xFFFF
SCALE = 7
MSS = 16_344
"""Bytes of data in one segment at most."""

SECTION, INTERFACE, PACKET = 0x0A0D0D0A, 1, 6
COMMENT, APPLICATION = 1, 4  # options: of any block, of the section header


def file_header(application: str) -> bytes:
    """The section header and the one interface; times are in microseconds, the default."""
    section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _option(APPLICATION, application)
    return _block(SECTION, section) + _block(INTERFACE, struct.pack("<HHI", RAW_IP, 0, 0))


def packet(at: float, data: bytes, comment: str = "") -> bytes:
    """One captured packet; *at*: Unix seconds."""
    micros = max(0, round(at * 1_000_000)) & 0xFFFFFFFFFFFFFFFF
    head = struct.pack("<IIIII", 0, micros >> 32, micros & 0xFFFFFFFF, len(data), len(data))
    return _block(PACKET, head + _padded(data) + (_option(COMMENT, comment) if comment else b""))


def segment(
    source: tuple[bytes, int],
    target: tuple[bytes, int],
    sequence: int,
    acknowledged: int,
    flags: int,
    data: bytes,
) -> bytes:
    """An IPv4 packet with a TCP segment in it; addresses are (four bytes, port)."""
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
    """The Internet's: RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack(">H", ~total & 0xFFFF)


def _block(kind: int, body: bytes) -> bytes:
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def _option(code: int, text: str) -> bytes:
    """One option and the end of the options."""
    data = text.encode("utf-8", "replace")[:4000]
    return struct.pack("<HH", code, len(data)) + _padded(data) + bytes(4)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
