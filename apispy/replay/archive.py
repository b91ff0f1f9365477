"""A tar archive as it is compared: its members with a digest of their contents, without their times."""

import hashlib
import tarfile
from typing import Any

from apispy.decoders.compression import MAGIC_SIZE, Compressed, coding_of
from apispy.decoders.tar_members import Members
from apispy.model import Item

MEMBERS = 100_000
"""Members that are compared; an archive with more is compared byte for byte."""

FREE = ("mtime", "user", "group", "permissions")
"""What is not compared: when and by whom of this machine; permissions say the mode once more."""

Listing = dict[str, dict[str, Any]]
"""What is known of each member by its name."""


class Contents(Members):
    """The members, each with the SHA-256 of its content as ``digest``."""

    def __init__(self) -> None:
        super().__init__()
        self.members: list[dict[str, Any]] = []
        self.fault = False
        self._unhashed = 0
        self._hash = hashlib.sha256()

    def _open(self, info: tarfile.TarInfo) -> None:
        super()._open(info)
        self._unhashed = min(self._member["size"], self._left)
        self._hash = hashlib.sha256()

    def _content(self) -> list[Item]:
        piece = self._pending[: min(self._unhashed, self._left)]
        self._hash.update(piece)
        self._unhashed -= len(piece)
        if len(self._pending) >= self._left:
            self._member["digest"] = self._hash.hexdigest()
        return super()._content()

    def _past_member(self) -> list[Item]:
        if not self._left and len(self.members) <= MEMBERS:
            self.members.append(self._member)
        return super()._past_member()

    def _give_up(self, why: str) -> list[Item]:
        self.fault = True
        return super()._give_up(why)

    def _missing(self) -> str:
        missing = super()._missing()
        self.fault = self.fault or bool(missing)
        return missing


def listing_of(data: bytes) -> Listing | None:
    """The members of an archive, seen through its compression; None if it is none that can be read to its end."""
    contents = Contents()
    coding = coding_of(data[:MAGIC_SIZE])
    reader = Compressed(coding, contents) if coding else contents
    items = [*reader.feed(data), *reader.close()]
    if contents.fault or not contents.members or len(contents.members) > MEMBERS:
        return None
    if any(item.kind == "problem" for item in items):
        return None
    return {
        member["name"]: {name: value for name, value in member.items() if name not in FREE}
        for member in contents.members
    }
