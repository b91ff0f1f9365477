"""Reads the packets of a pcap or pcapng file as TCP segments. The only module that imports Scapy, an optional extra."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from apispy.errors import ApispyError, MissingExtra
from apispy.importers import files
from apispy.importers.formats import END_OF_TIME
from apispy.importers.tcp import Peer, Segment

MAX_PACKET_SIZE = 1 << 18
"""Bytes of a packet: tcpdump's default snapshot length. Packets on the loopback are longer than Ethernet's."""

MAX_FILE_SIZE = 1 << 30
"""Bytes of a file: its payloads stay in memory until they are in order."""

MAX_WARNINGS = 20
"""Warnings of Scapy that are reported."""

MAGIC = (
    b"\xa1\xb2\xc3\xd4",  # pcap, big-endian
    b"\xd4\xc3\xb2\xa1",  # pcap, little-endian
    b"\xa1\xb2\x3c\x4d",  # pcap with nanoseconds, big-endian
    b"\x4d\x3c\xb2\xa1",  # pcap with nanoseconds, little-endian
    b"\x0a\x0d\x0d\x0a",  # pcapng
)


def is_pcap(head: bytes) -> bool:
    return head.startswith(MAGIC)


def segments(path: Path, notice: Callable[[str], None]) -> Iterator[Segment]:
    """The TCP segments in the order of the file. *notice* receives problems with parts of it, as sentences.

    Raises ApispyError if the file cannot be read at all.
    """
    with _scapy_warnings() as warnings:
        packets = others = 0
        for packet in _packets(path):
            packets += 1
            segment = _segment(packet)
            if segment is None:
                others += 1
            else:
                yield segment
    if packets == others:
        notice(f"{path.name} contains no readable TCP segments (packets: {packets}).")
    for warning in dict.fromkeys(warnings):
        notice(f"{path.name} after packet {packets}: {warning}")


def _packets(path: Path) -> Iterator[Any]:
    try:
        import scapy.layers.inet6
        import scapy.layers.l2  # noqa: F401  # they register the link types
        from scapy.layers.inet import TCP
        from scapy.utils import PcapReader
    except ImportError:
        raise MissingExtra("Scapy", "to import captures of tcpdump and Wireshark", "pcap") from None
    number = 0
    advice = f"Make a smaller file: tcpdump -r {path.name} -w smaller.pcap 'tcp port 2375'."
    try:
        with (
            files.open_unpacked(path, MAX_FILE_SIZE, advice) as file,
            PcapReader(file) as reader,  # type: ignore[arg-type]  # it takes files too
        ):
            while True:
                number += 1
                yield reader.read_packet(size=MAX_PACKET_SIZE, stop_dissection_after=TCP)
    except EOFError:
        return
    except (GeneratorExit, ApispyError):
        raise
    except Exception as error:  # Scapy raises all kinds of exceptions for a damaged file
        where = f"packet {number}" if number else "its beginning"
        raise ApispyError(
            f"{path} is damaged at {where}: {error or type(error).__name__}. Expected a complete pcap or pcapng "
            "file; record it again: tcpdump -i lo -s 0 -w FILE port 2375"
        ) from None


def _segment(packet: Any) -> Segment | None:
    """The TCP segment in one of Scapy's packets; None if there is none."""
    from scapy.layers.inet import IP, TCP
    from scapy.layers.inet6 import IPv6

    network = packet.getlayer(IP) or packet.getlayer(IPv6)
    tcp = packet.getlayer(TCP)
    at = float(packet.time)
    if network is None or tcp is None or not 0 <= at < END_OF_TIME:
        return None
    data, length = _payload(packet, network, tcp)
    flags = str(tcp.flags)
    return Segment(
        at=at,
        source=Peer(str(network.src), tcp.sport),
        target=Peer(str(network.dst), tcp.dport),
        seq=tcp.seq,
        ack=tcp.ack if "A" in flags else None,
        data=data,
        length=length,
        syn="S" in flags,
        fin="F" in flags,
        rst="R" in flags,
    )


def _payload(packet: Any, network: Any, tcp: Any) -> tuple[bytes, int]:
    """(data in the file, its length on the wire). Ethernet pads short frames; IPv4's length excludes the padding."""
    data = bytes(tcp.payload.original or b"")
    if total := getattr(network, "len", 0):  # of IPv4; 0 where the network card fills it in
        length = max(0, total - 4 * network.ihl - 4 * tcp.dataofs)
        return data[:length], length
    return data, len(data) + max(0, (packet.wirelen or 0) - len(packet.original))


@contextmanager
def _scapy_warnings() -> Iterator[list[str]]:
    """Collects Scapy's warnings, which would otherwise go to standard error."""
    messages: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if len(messages) < MAX_WARNINGS:
                messages.append(record.getMessage())

    logger, collector = logging.getLogger("scapy"), Collector(logging.WARNING)
    logger.addHandler(collector)
    before, logger.propagate = logger.propagate, False
    try:
        yield messages
    finally:
        logger.removeHandler(collector)
        logger.propagate = before
