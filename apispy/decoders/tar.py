"""A tar archive, plain or compressed. Clients may compress what they upload, and no header says so."""

from apispy.decoders.base import Decoder, Sniffer, decoder
from apispy.decoders.compression import MAGIC_SIZE, Compressed, coding_of
from apispy.decoders.tar_members import Members


@decoder("tar")
class Tar(Sniffer):
    """A tar archive, listed; seen through gzip, bzip2, xz and zstd. Its items are those of Members."""

    HEAD = MAGIC_SIZE

    def inner(self, head: bytes) -> Decoder:
        coding = coding_of(head)
        return Compressed(coding, Members()) if coding else Members()
