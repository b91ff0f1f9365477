"""Tar archives, plain or compressed. Clients may compress their uploads without declaring it in a header."""

from apispy.decoders.base import Decoder, Sniffer, decoder
from apispy.decoders.compression import MAGIC_SIZE, Compressed, coding_of
from apispy.decoders.tar_members import Members


@decoder("tar")
class Tar(Sniffer):
    """Listing of a tar archive, plain or in gzip, bzip2, xz or zstd. Items of kind "member", labeled with its name."""

    HEAD = MAGIC_SIZE

    def inner_decoder(self, head: bytes) -> Decoder:
        coding = coding_of(head)
        return Compressed(coding, Members()) if coding else Members()
