"""Packets that ``tshark -T json`` or ``-T ek`` prints, as JSON with the values of all fields.

The two differ in the names: ``tcp.seq_raw`` and ``tcp_tcp_seq_raw``. Source: Wireshark 4.0, epan/print.c, and the
output of tshark for the captures in samples/.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from apispy.importers import files
from apispy.importers.formats import END_OF_TIME, Format, Imported, Settings, register
from apispy.importers.messages import INVALID
from apispy.importers.passive_connection import ImportResultBuilder
from apispy.importers.tcp import Peer, Segment
from apispy.importers.tcp_calls import read_segments

MAX_FILE_SIZE = 512 << 20
"""Bytes of a file: about 40 MiB of packets."""

FIN, SYN, RST, ACK = 1, 2, 4, 16
"""TCP's flags."""

ADVICE = "Import the pcap file itself: tshark prints it ten times as large."

_START = re.compile(
    rb'\A\s*(?:\[\s*\{\s*"_index"|\{\s*"index"\s*:\s*\{\s*"_index"|\{"timestamp":"\d+","layers")'
)
_BETWEEN = re.compile(r"[\s,\[\]]*")


def is_tshark(head: bytes) -> bool:
    return _START.match(head) is not None


def read(path: Path, settings: Settings) -> Imported:
    """The calls in the packets. Raises ApispyError if the file cannot be read."""
    result = ImportResultBuilder(settings)
    read_segments(_segments(path, result.notice), result, settings.port)
    return result.imported()


def _segments(path: Path, notice: Callable[[str], None]) -> Iterator[Segment]:
    found = without_data = 0
    for number, packet in enumerate(_packets(path, notice), 1):
        try:
            segment = _segment(packet)
        except INVALID as error:
            notice(f"{path.name}: packet {number} cannot be read: {error}. It was skipped.")
            continue
        if segment is not None:
            found += 1
            without_data += bool(segment.length and not segment.data)
            yield segment
    if not found:
        notice(f"{path.name} contains no TCP segments with all their fields. Leave out -e, -j and -J.")
    elif without_data:
        notice(f"{path.name} lacks the data (tcp.payload) of {without_data} packets. Leave out -j and -J.")


def _packets(path: Path, notice: Callable[[str], None]) -> Iterator[Any]:
    """The JSON values of the file: an array of them (-T json), or one on a line (-T ek)."""
    text = files.contents_of(path, MAX_FILE_SIZE, ADVICE).decode("utf-8", "replace").removeprefix("\ufeff")
    decoder, at = json.JSONDecoder(), 0
    while (between := _BETWEEN.match(text, at)) and between.end() < len(text):
        try:
            value, at = decoder.raw_decode(text, between.end())
        except (ValueError, RecursionError) as error:
            line = text.count("\n", 0, getattr(error, "pos", at)) + 1
            why = getattr(error, "msg", "an impossible value")
            notice(f"{path.name}, line {line}: invalid JSON: {why}. What follows was not read.")
            return
        if not (isinstance(value, dict) and "index" in value):  # -T ek has such a line before each packet
            yield value


def _segment(packet: Any) -> Segment | None:
    """The TCP segment in a packet; None if there is none. Raises INVALID."""
    fields = _Fields(packet.get("_source", packet)["layers"])
    if not fields.has("tcp", "srcport"):
        return None
    network = "ip" if fields.has("ip", "src") else "ipv6"
    flags = int(fields.get("tcp", "flags"), 16)
    data = bytes.fromhex(fields.get("tcp", "payload", "").replace(":", ""))
    raw = fields.has("tcp", "seq_raw")  # else the numbers count from the first that tshark saw
    return Segment(
        at=_time(fields.get("frame", "time_epoch")),
        source=Peer(fields.get(network, "src"), int(fields.get("tcp", "srcport"))),
        target=Peer(fields.get(network, "dst"), int(fields.get("tcp", "dstport"))),
        seq=int(fields.get("tcp", "seq_raw" if raw else "seq")),
        ack=int(fields.get("tcp", "ack_raw" if raw else "ack")) if flags & ACK else None,
        data=data,
        length=max(len(data), int(fields.get("tcp", "len", "0"))),
        syn=bool(flags & SYN),
        fin=bool(flags & FIN),
        rst=bool(flags & RST),
    )


class _Fields:
    """The fields of a packet, by their layer and their name without it."""

    def __init__(self, layers: Any) -> None:
        self._layers = layers

    def has(self, layer: str, name: str) -> bool:
        return self._find(layer, name) is not None

    def get(self, layer: str, name: str, default: str | None = None) -> str:
        """Raises KeyError or TypeError."""
        value = self._find(layer, name)
        if value is None and default is None:
            raise KeyError(f"{layer}.{name}")
        if not isinstance(value, str | None):
            raise TypeError(f"found {type(value).__name__} in {layer}.{name}, expected text")
        return default or "" if value is None else value

    def _find(self, layer: str, name: str) -> Any:
        values = _first(self._layers.get(layer)) or {}
        return _first(values.get(f"{layer}.{name}", values.get(f"{layer}_{layer}_{name}")))


def _first(value: Any) -> Any:
    """The value, or the first of several: with --no-duplicate-keys, and in -T ek, an array has them."""
    return value[0] if isinstance(value, list) and value else value


def _time(text: str) -> float:
    """Unix seconds, which newer versions of tshark print as a date in -T ek. Raises ValueError."""
    found = datetime.fromisoformat(text).timestamp() if "T" in text else float(text)
    if not 0 <= found < END_OF_TIME:
        raise ValueError(f"found {text} where a time was expected")
    return found


register(
    Format(
        "tshark",
        "JSON of tshark (-T json, -T ek)",
        is_tshark,
        read,
        "Expected all fields of unencrypted HTTP: tshark -r FILE -T json",
    )
)
