"""The members of a tar archive. Nothing is extracted, and no content of a file is kept.

An archive consists of blocks of 512 bytes: for each member a header and its content, padded to whole blocks; at the end
blocks of zeros. Fields that do not fit into a header (long names, large sizes) are in an extended header before it.
Source: POSIX pax, and what Go's archive/tar and GNU tar write.
"""

import stat
import tarfile
from collections.abc import Callable
from typing import Any

from apispy.decoders.tar_extras import EXTENDED_TYPES, apply_extended, read_extended
from apispy.model import Item

BLOCK = 512
MEMBER_LIMIT = 1000
"""Members that are listed. Further members are only counted."""

EXTENDED_LIMIT = 1 << 20
"""The longest content of an extended header, in bytes. Go's archive/tar has the same limit."""

TYPES = {
    tarfile.REGTYPE: ("file", stat.S_IFREG),
    tarfile.AREGTYPE: ("file", stat.S_IFREG),
    tarfile.CONTTYPE: ("file", stat.S_IFREG),
    tarfile.GNUTYPE_SPARSE: ("sparse file", stat.S_IFREG),
    tarfile.LNKTYPE: ("hard link", stat.S_IFREG),
    tarfile.SYMTYPE: ("link", stat.S_IFLNK),
    tarfile.CHRTYPE: ("character device", stat.S_IFCHR),
    tarfile.BLKTYPE: ("block device", stat.S_IFBLK),
    tarfile.DIRTYPE: ("directory", stat.S_IFDIR),
    tarfile.FIFOTYPE: ("fifo", stat.S_IFIFO),
}
"""Names of a header's type bytes, and the file types that `ls` shows."""

HEADER_ONLY = (
    *(tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE),
    *(tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE),
)
"""Types without content, whatever size their header gives."""


class Members:
    """Items of kind "member", each returned after the end of the member, labeled with its name.

    The values are {"name", "type", "size", "mode", "permissions", "uid", "gid", "user", "group", "mtime", "link"}:
    type is a name in TYPES, mode the permission bits, permissions as `ls` shows them, mtime in Unix seconds. The span
    of a member includes its extended headers. If there are more than MEMBER_LIMIT members, one item of kind "more" has
    the number of the others. The bytes after the end of the archive are one item of kind "padding", with their number.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        self._at = 0  # offset of _pending in the stream
        self._start = 0  # offset of the first byte that no item covers yet
        self._read: Callable[[], list[Item] | None] = self._header  # returns None if it needs more bytes
        self._extras: dict[str, Any] = {}  # fields of extended headers, for the next member
        self._extra = (b"", 0)  # type and size of the open extended header
        self._member: dict[str, Any] = {}
        self._left = 0  # bytes left of the member's content and padding
        self._count = 0

    def feed(self, data: bytes) -> list[Item]:
        self._pending += data
        items: list[Item] = []
        while self._pending and (found := self._read()) is not None:
            items += found
        return items

    def close(self) -> list[Item]:
        items = self._unlisted()
        if missing := self._missing():
            self._drop(len(self._pending))
            items.append(
                self._item("problem", "cut off", f"the stream ends inside {missing} more bytes expected")
            )
        if self._start < self._at:
            items.append(self._item("padding", "end of the archive", self._at - self._start))
        return items

    def _missing(self) -> str:
        have = len(self._pending)
        if self._member:
            return f"{self._member['name']!r}: {self._left}"
        if self._read == self._extended:
            return f"an extended header: {_padded(self._extra[1]) - have}"
        return f"a member's header: {BLOCK - have}" if have else ""

    # -- steps; each consumes what it can of the pending bytes and sets the next step --

    def _header(self) -> list[Item] | None:
        if len(self._pending) < BLOCK:
            return None
        block = bytes(self._pending[:BLOCK])
        if not any(block):
            self._read = self._padding
            return self._unlisted()
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "replace")
            if info.type in EXTENDED_TYPES:
                return self._open_extended(info)
            self._open(info)
        except (tarfile.HeaderError, ValueError) as error:
            return self._give_up(str(error))
        return self._past_member()

    def _extended(self) -> list[Item] | None:
        kind, size = self._extra
        if len(self._pending) < _padded(size):
            return None
        self._extras |= read_extended(kind, bytes(self._pending[:size]))
        self._drop(_padded(size))
        self._read = self._header
        return []

    def _content(self) -> list[Item]:
        size = min(len(self._pending), self._left)
        self._drop(size)
        self._left -= size
        return self._past_member()

    def _padding(self) -> list[Item]:
        self._drop(len(self._pending))
        return []

    def _raw(self) -> list[Item]:
        data = bytes(self._pending)
        self._drop(len(data))
        return [self._item("raw", "raw", data)]

    def _open_extended(self, info: tarfile.TarInfo) -> list[Item]:
        if not 0 <= info.size <= EXTENDED_LIMIT:
            raise ValueError(f"an extended header has {info.size} bytes, the limit is {EXTENDED_LIMIT}")
        self._drop(BLOCK)
        self._extra = info.type, info.size
        self._read = self._extended
        return []

    def _open(self, info: tarfile.TarInfo) -> None:
        """Open a member. Raises ValueError for an invalid size."""
        kind, letter = TYPES.get(info.type, ("unknown", 0))
        member: dict[str, Any] = {
            "name": info.name,
            "type": kind,
            "size": info.size,
            "mode": info.mode,
            "permissions": stat.filemode(letter | (info.mode & 0o7777)),
            "uid": info.uid,
            "gid": info.gid,
            "user": info.uname,
            "group": info.gname,
            "mtime": info.mtime,
            "link": info.linkname,
        }
        apply_extended(self._extras, member)
        if member["size"] < 0:
            raise ValueError("negative size")
        self._extras = {}
        self._drop(BLOCK)
        self._count += 1
        self._left = 0 if info.type in HEADER_ONLY else _padded(member["size"])
        self._member = member
        self._read = self._content

    def _past_member(self) -> list[Item]:
        """Return the item of the open member if its end has been reached."""
        if self._left:
            return []
        member, self._member = self._member, {}
        self._read = self._header
        return [self._item("member", member["name"], member)] if self._count <= MEMBER_LIMIT else []

    def _unlisted(self) -> list[Item]:
        """Return the item that counts the members that were not listed, once."""
        others, self._count = self._count - MEMBER_LIMIT, 0
        return [self._item("more", f"{others} more members", others)] if others > 0 else []

    def _give_up(self, why: str) -> list[Item]:
        self._read = self._raw
        items = self._unlisted()
        text = f"not a tar header at byte {self._at}: {why}; the bytes from here on are shown undecoded"
        return [*items, self._item("problem", "not a tar archive", text)]

    def _drop(self, size: int) -> None:
        del self._pending[:size]
        self._at += size

    def _item(self, kind: str, label: str, value: Any) -> Item:
        """Make an item that covers all bytes read since the last item."""
        start, self._start = self._start, self._at
        return Item(kind, label, value, (start, self._at))


def _padded(size: int) -> int:
    """Round *size* up to whole blocks."""
    return -(-size // BLOCK) * BLOCK
