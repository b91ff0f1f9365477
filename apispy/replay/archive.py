"""Members of a tar archive in a comparable form: with a digest of their contents and without their times."""

import hashlib
import tarfile
from typing import Any

from apispy.decoders.compression import MAGIC_SIZE, Compressed, coding_of
from apispy.decoders.tar_members import Members
from apispy.model import Item

MAX_MEMBERS = 100_000
"""Archives with more members are compared byte for byte."""

IGNORED_FIELDS = ("mtime", "user", "group", "permissions")
"""Not compared: times and user names of the machine. ``permissions`` only repeats the mode."""

ArchiveMembers = dict[str, dict[str, Any]]
"""The compared fields of each member by its name."""


class HashingMembers(Members):
    """The members, each with the SHA-256 of its content as ``digest``."""

    def __init__(self) -> None:
        super().__init__()
        self.members: list[dict[str, Any]] = []
        self.failed = False
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
        if not self._left and len(self.members) <= MAX_MEMBERS:
            self.members.append(self._member)
        return super()._past_member()

    def _give_up(self, why: str) -> list[Item]:
        self.failed = True
        return super()._give_up(why)

    def _missing(self) -> str:
        missing = super()._missing()
        self.failed = self.failed or bool(missing)
        return missing


def archive_members(data: bytes) -> ArchiveMembers | None:
    """The members of an archive, compressed or not; None if *data* is not an archive that is readable to its end."""
    decoder = HashingMembers()
    coding = coding_of(data[:MAGIC_SIZE])
    reader = Compressed(coding, decoder) if coding else decoder
    items = [*reader.feed(data), *reader.close()]
    if decoder.failed or not decoder.members or len(decoder.members) > MAX_MEMBERS:
        return None
    if any(item.kind == "problem" for item in items):
        return None
    return {
        member["name"]: {name: value for name, value in member.items() if name not in IGNORED_FIELDS}
        for member in decoder.members
    }
