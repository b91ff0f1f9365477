"""The packets of a pcap or pcapng file to TCP segments. The only file that knows Scapy, an extra of its own."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from apispy.errors import ApispyError
from apispy.importers.base import LATEST
from apispy.importers.tcp import Peer, Segment

LARGEST_PACKET = 1 << 18
"""Bytes of one packet: what tcpdump takes by default. The loopback's are longer than Ethernet's."""

LARGEST_FILE = 1 << 30
"""Bytes of a file: its payloads are held in memory until they are in order."""

MAGIC = (
    b"\xa1\xb2\xc3\xd4",
    b"\xd4\xc3\xb2\xa1",  # pcap, of machines of both kinds
    b"\xa1\xb2\x3c\x4d",
    b"\x4d\x3c\xb2\xa1",  # the same with nanoseconds
    b"\x0a\x0d\x0d\x0a",  # pcapng
)


def is_capture(head: bytes) -> bool:
    return head.startswith(MAGIC)


def segments(path: Path, notice: Callable[[str], None]) -> Iterator[Segment]:
    """The TCP segments of the file in its order. Raises ApispyError for a file that cannot be read at all.

    What is wrong with parts of it goes to *notice*, in sentences.
    """
    if path.stat().st_size > LARGEST_FILE:
        raise ApispyError(
            f"{path} is larger than {LARGEST_FILE >> 20} MiB, which is more than apispy takes in at once. Make a "
            f"smaller one: tcpdump -r {path.name} -w smaller.pcap 'tcp port 2375'."
        )
    with _warnings() as warnings:
        counts = {"packets": 0, "others": 0}
        for packet in _packets(path):
            counts["packets"] += 1
            segment = _segment(packet)
            if segment is None:
                counts["others"] += 1
            else:
                yield segment
    if counts["packets"] == counts["others"]:
        notice(f"none of the {counts['packets']} packets of {path.name} is a TCP segment that can be read.")
    for warning in dict.fromkeys(warnings):
        notice(f"{path.name} after packet {counts['packets']}: {warning}")


def _packets(path: Path) -> Iterator[Any]:
    try:
        import scapy.layers.inet6
        import scapy.layers.l2  # noqa: F401  # they register the link types
        from scapy.layers.inet import TCP
        from scapy.utils import PcapReader
    except ImportError:
        raise ApispyError(
            "to import captures of tcpdump and Wireshark, apispy needs Scapy, which is not installed. "
            "Type: pip install 'apispy[pcap]'"
        ) from None
    number = 0
    try:
        with PcapReader(str(path)) as reader:
            while True:
                number += 1
                yield reader.read_packet(size=LARGEST_PACKET, stop_dissection_after=TCP)
    except EOFError:
        return
    except GeneratorExit:
        raise
    except Exception as error:  # Scapy's readers raise what they like on a damaged file
        where = f"packet {number}" if number else "its beginning"
        raise ApispyError(
            f"{path} is damaged at {where}: {error or type(error).__name__}. Expected a whole pcap or pcapng "
            "file; make it anew with: tcpdump -i lo -s 0 -w FILE port 2375"
        ) from None


def _segment(packet: Any) -> Segment | None:
    """The TCP segment in a packet as Scapy read it; None for anything else."""
    from scapy.layers.inet import IP, TCP
    from scapy.layers.inet6 import IPv6

    network = packet.getlayer(IP) or packet.getlayer(IPv6)
    tcp = packet.getlayer(TCP)
    at = float(packet.time)
    if network is None or tcp is None or not 0 <= at < LATEST:
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
    """The data that is in the file, and how long it was on the wire. Ethernet pads short frames, and IPv4 tells."""
    data = bytes(tcp.payload.original or b"")
    if total := getattr(network, "len", 0):  # of IPv4; 0 where the network card is to fill it in
        length = max(0, total - 4 * network.ihl - 4 * tcp.dataofs)
        return data[:length], length
    return data, len(data) + max(0, (packet.wirelen or 0) - len(packet.original))


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """What Scapy says while it reads, which would go to standard error."""
    said: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if len(said) < 20:
                said.append(record.getMessage())

    logger, keep = logging.getLogger("scapy"), Keep(logging.WARNING)
    logger.addHandler(keep)
    before, logger.propagate = logger.propagate, False
    try:
        yield said
    finally:
        logger.removeHandler(keep)
        logger.propagate = before
