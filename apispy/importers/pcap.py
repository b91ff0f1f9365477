"""Captures of tcpdump, dumpcap and Wireshark, pcap and pcapng."""

from pathlib import Path

from apispy.importers.formats import Format, Imported, Settings, register
from apispy.importers.packets import is_pcap, segments
from apispy.importers.passive_connection import ImportResultBuilder
from apispy.importers.tcp_calls import read_segments


def read(path: Path, settings: Settings) -> Imported:
    """The calls in a capture. Raises ApispyError if it cannot be read."""
    result = ImportResultBuilder(settings)
    read_segments(segments(path, result.notice), result, settings.port)
    return result.imported()


register(
    Format(
        "pcap",
        "a pcap or pcapng file (tcpdump, Wireshark)",
        is_pcap,
        read,
        "Expected unencrypted HTTP, recorded completely: tcpdump -i lo -s 0 -w FILE port 2375",
    )
)
