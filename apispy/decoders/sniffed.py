"""Streams without a declared format."""

from apispy.decoders.base import Decoder, Sniffer, decoder
from apispy.decoders.compression import coding_of
from apispy.decoders.json_lines import JsonLines
from apispy.decoders.raw import Raw
from apispy.decoders.stdio import HEADER, KINDS, Stdio
from apispy.decoders.tar import Tar


@decoder("sniffed")
class Sniffed(Sniffer):
    """A stream of unknown format. Its first bytes decide: JSON, frames, a compressed archive, else ``raw``."""

    HEAD = HEADER

    def inner_decoder(self, head: bytes) -> Decoder:
        if head.lstrip(b" \t\r\n\x1e")[:1] in (b"{", b"["):
            return JsonLines()
        if coding_of(head):
            return Tar()
        looks_framed = len(head) == HEADER and head[0] < len(KINDS) and not any(head[1:4])
        return Stdio() if looks_framed else Raw()
