"""Tar archives, plain or compressed. Clients may compress their uploads without declaring it in a header."""

import re
from tarfile import BLOCKSIZE

from apispy.decoders.base import Decoder, Sniffer, decoder
from apispy.decoders.compression import MAGIC_SIZE, Compressed, coding_of
from apispy.decoders.json import Json
from apispy.decoders.tar_members import Members
from apispy.decoders.text import Text

assert MAGIC_SIZE <= BLOCKSIZE

_FORM = re.compile(rb"[\w.%+\[\]-]+=[^\x00-\x1f]*(?:\r?\n)?\Z")


@decoder("tar")
class Tar(Sniffer):
    """Listing of a tar archive, plain or in gzip, bzip2, xz or zstd. Items of kind "member", labeled with its name.

    What clients send in place of an archive is read as it is: JSON as in ``json`` (dockerode pulls images with it),
    and a form as in ``text``. A member's header is padded with zeros, so what has none is no archive.
    """

    HEAD = BLOCKSIZE

    def inner_decoder(self, head: bytes) -> Decoder:
        if coding := coding_of(head):
            return Compressed(coding, Members())
        if 0 in head:
            return Members()
        if head.lstrip()[:1] in (b"{", b"["):
            return Json()
        return Text() if _FORM.match(head) else Members()
